import { randomUUID } from "node:crypto";
import { cp, mkdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { lockPathOnHost, poolName, poolPathOnHost, type Layout } from "./layout";
import { hostPki } from "./pki";

const leaseScript = fileURLToPath(new URL("../drivers/hypervisor/lease/berth-lease", import.meta.url));
/** Longer than a real host's: all hosts of a lab and their guests share a few processors, and a starved renewal would end the guests. */
const LEASE_SECONDS = 30;

/** Debian keeps the filters of the package in the first folder once libvirt-daemon-config-nwfilter is set up. */
const filterSources = ["/etc/libvirt/nwfilter", "/usr/share/libvirt/nwfilter"];

/** Which cgroup hierarchy the machine has; without one, guests run without CPU shares and limits. */
export function cgroupKind(): "v1" | "v2" | "none" {
  if (existsSync("/sys/fs/cgroup/cpu")) return "v1";
  return existsSync("/sys/fs/cgroup/cgroup.controllers") ? "v2" : "none";
}

/** Writes everything that a host's own root file system would have: its configuration, its identity, its empty folders. */
export async function writeHostFiles(layout: Layout, host: string): Promise<void> {
  const directory = layout.hostDirectory(host);
  for (const folder of ["etc/storage/autostart", "etc/qemu", "etc/hooks", "var/berth", "var/berth-locks", "log", "pki"]) {
    await mkdir(path.join(directory, folder), { recursive: true });
  }
  await mkdir(layout.sharedPool, { recursive: true });
  await mkdir(layout.sharedLocks, { recursive: true });
  await mkdir(layout.sharedCache, { recursive: true });
  const uuid = await identityOf(directory);
  const etc = path.join(directory, "etc");
  const address = layout.address(host);
  const files: Readonly<Record<string, string>> = {
    [path.join(directory, "host.env")]: shellVariables({
      NAME: host,
      NETNS: layout.namespace(host),
      CGROUPS: cgroupKind(),
      POOL: layout.sharedPool,
      LOCKS: layout.sharedLocks,
      CACHE: layout.sharedCache,
      HUB: layout.hub,
      PORT: layout.port(host),
      HOST_UUID: uuid,
      LEASE: layout.options.runLease === false ? "" : leaseScript,
      LEASE_SECONDS: String(LEASE_SECONDS),
    }),
    [path.join(directory, "hosts")]: ["127.0.0.1 localhost", ...layout.hostNames.map((name) => `${layout.address(name)} ${name}`), ""].join("\n"),
    [path.join(etc, "libvirtd.conf")]: libvirtdConfiguration(address, uuid, layout.options.tls ?? false),
    [path.join(etc, "qemu.conf")]: qemuConfiguration(address),
    // The lock of a disk is a lock on a file that all hosts share, so a second host is refused while the first one writes.
    [path.join(etc, "qemu-lockd.conf")]: `auto_disk_leases = 1\nrequire_lease_for_disks = 0\nfile_lockspace_dir = "${lockPathOnHost}"\n`,
    [path.join(etc, "libvirt.conf")]: "",
    [path.join(etc, "virtlogd.conf")]: "",
    [path.join(etc, "virtlockd.conf")]: "",
    [path.join(etc, "storage", `${poolName}.xml`)]: poolDefinition(),
  };
  for (const [file, content] of Object.entries(files)) await writeFile(file, content);
  const autostart = path.join(etc, "storage", "autostart", `${poolName}.xml`);
  await rm(autostart, { force: true });
  await symlink(`/etc/libvirt/storage/${poolName}.xml`, autostart);
  if (!existsSync(path.join(etc, "nwfilter"))) await copyFilters(path.join(etc, "nwfilter"));
  if (layout.options.tls) await hostPki(layout, host);
}

async function copyFilters(target: string): Promise<void> {
  const source = filterSources.find((folder) => existsSync(path.join(folder, "clean-traffic.xml")));
  if (!source) throw new Error(`The lab's hosts need libvirt's network filters, and ${filterSources.join(" and ")} have none. Install libvirt-daemon-config-nwfilter.`);
  await cp(source, target, { recursive: true });
}

/** A host keeps its UUID over power cycles: libvirt refuses migrations between hosts of equal UUID. */
async function identityOf(directory: string): Promise<string> {
  const file = path.join(directory, "uuid");
  if (!existsSync(file)) await writeFile(file, randomUUID());
  return (await readFile(file, "utf8")).trim();
}

function shellVariables(values: Readonly<Record<string, string>>): string {
  return Object.entries(values)
    .map(([name, value]) => `${name}='${value.replaceAll("'", `'\\''`)}'\n`)
    .join("");
}

function libvirtdConfiguration(address: string, uuid: string, tls: boolean): string {
  return `listen_tcp = 1
listen_tls = ${tls ? 1 : 0}
listen_addr = "${address}"
auth_tcp = "none"
auth_tls = "none"
auth_unix_rw = "none"
unix_sock_group = "root"
unix_sock_rw_perms = "0700"
host_uuid = "${uuid}"
max_clients = 200
max_client_requests = 20
keepalive_interval = 2
keepalive_count = 3
`;
}

/** Security drivers and user changes are off because every host shares the machine's kernel and users: lab only. */
function qemuConfiguration(address: string): string {
  const controllers = cgroupKind() === "none" ? "" : `"cpu", "memory", "blkio", "cpuset", "cpuacct"`;
  return `user = "root"
group = "root"
dynamic_ownership = 0
remember_owner = 0
security_driver = "none"
namespaces = []
cgroup_controllers = [ ${controllers} ]
migration_address = "${address}"
migration_host = "${address}"
vnc_listen = "${address}"
keepalive_interval = 2
keepalive_count = 3
stdio_handler = "logd"
lock_manager = "lockd"
max_core = 0
`;
}

function poolDefinition(): string {
  return `<pool type='dir'>
  <name>${poolName}</name>
  <source/>
  <target><path>${poolPathOnHost}</path></target>
</pool>
`;
}
