import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { tryCommand } from "./run-command";

type PackageList = Readonly<Record<string, readonly string[]>>;
const packages = JSON.parse(readFileSync(new URL("./packages.json", import.meta.url), "utf8")) as { readonly lab: PackageList; readonly serverImage: PackageList };

/** Debian packages that the lab needs (packages.json, so that the bootstrap can read it without TypeScript). */
export const debianPackages: readonly string[] = Object.keys(packages.lab);
/** Debian packages that building the server image needs besides. */
export const serverImagePackages: readonly string[] = Object.keys(packages.serverImage);

export type Support = { readonly available: true } | { readonly available: false; readonly reason: string };

const programFolders = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];

function missingPackages(list: PackageList): readonly string[] {
  const present = (program: string) => programFolders.some((folder) => existsSync(path.join(folder, program)));
  return Object.entries(list).flatMap(([name, programs]) => (programs.every(present) ? [] : [name]));
}

/** Whether this machine can build the Debian server image; says which packages are missing. */
export function serverImageSupport(): Support {
  const missing = missingPackages(packages.serverImage);
  return missing.length === 0 ? { available: true } : { available: false, reason: `these Debian packages are missing: ${missing.join(" ")}. Install them with "apt-get install --no-install-recommends ${missing.join(" ")}".` };
}

let known: Promise<Support> | undefined;

/** Whether real hypervisor hosts can be run here. The answer is found once a process: it does not change while one runs. */
export function labSupport(): Promise<Support> {
  known ??= findSupport();
  return known;
}

async function findSupport(): Promise<Support> {
  const no = (reason: string): Support => ({ available: false, reason });
  if (process.platform !== "linux") return no(`the lab needs Linux namespaces, and this is ${process.platform}.`);
  if (process.arch !== "x64") return no(`the lab's guests are x86-64, and this is ${process.arch}.`);
  if (process.getuid?.() !== 0) return no(`the lab makes network and mount namespaces, which takes root. Run the command as root.`);
  const missing = missingPackages(packages.lab);
  if (missing.length > 0) return no(`these Debian packages are missing: ${missing.join(" ")}. Install them with "apt-get install --no-install-recommends ${missing.join(" ")}".`);
  if (!["/etc/libvirt/nwfilter", "/usr/share/libvirt/nwfilter"].some((folder) => existsSync(path.join(folder, "clean-traffic.xml")))) {
    return no(`libvirt's network filters are missing. Install libvirt-daemon-config-nwfilter.`);
  }
  // Containers often have root without the right to do this; trying is the only proof.
  const script = "mount -t proc proc /proc && ip link add br0 type bridge && ip link add veth-a type veth peer name veth-b";
  const probe = await tryCommand("unshare", ["--net", "--mount", "--uts", "--ipc", "--pid", "--fork", "--cgroup", "--propagation", "private", "sh", "-c", script]);
  if (probe.code !== 0) return no(`this machine does not let root make namespaces, bridges and virtual cables: ${probe.stderr.trim().split("\n")[0] ?? "no reason given"}. A container needs to be privileged for it.`);
  return { available: true };
}
