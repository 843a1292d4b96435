import { createHash } from "node:crypto";
import { createReadStream, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { totalmem } from "node:os";
import { join } from "node:path";
import { createLibvirtDriver } from "@/server/drivers/hypervisor/libvirt";
import { buildTinyImage, cachedDesktopImage, type DesktopImage } from "../image";
import { freeSubnetIndex, openLab, registeredLabs } from "../index";
import { REAL_DESKTOP, type DataCentre, type DemoImage } from "./data-centre";
import { startPing } from "./ping";

/** What a demo host offers to guests; small, so that four orders fill it. */
const GUEST_MEMORY_MIB = 1536;
/** Subnets of labs on one machine: 0 is the demo's, 1 to 19 are for demos with a folder of their own. */
const OWN_SUBNETS = 19;

/** A lab's name and subnet: fixed for the demo, derived from the folder for others, so that each finds its own again. */
export function labIdentity(data: string | null): { readonly name: string; readonly subnetIndex: number } {
  if (data === null) return { name: "demo", subnetIndex: 0 };
  const digest = createHash("sha256").update(data).digest();
  return { name: `d-${digest.toString("hex", 0, 4)}`, subnetIndex: 1 + (digest.readUInt16BE(4) % OWN_SUBNETS) };
}

/** Where a folder keeps the network that its lab got instead of its own, because another lab of this machine had that one. */
const networkFile = (directory: string): string => join(directory, "lab-network.json");

/** The identity of a folder's lab. Where its network is taken when it is first asked for it gets a free one, and keeps that: its database knows the addresses. */
export async function claimIdentity(data: string | null, directory: string): Promise<{ readonly name: string; readonly subnetIndex: number }> {
  const { name, subnetIndex } = labIdentity(data);
  const file = networkFile(directory);
  if (existsSync(file)) return { name, subnetIndex: Number(readFileSync(file, "utf8")) };
  if (!(await registeredLabs()).some((lab) => lab.name !== name && lab.subnetIndex === subnetIndex)) return { name, subnetIndex };
  const free = await freeSubnetIndex(1 + OWN_SUBNETS);
  writeFileSync(file, String(free));
  return { name, subnetIndex: free };
}

async function sha256(file: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  return hash.digest("hex");
}

/** Three real hosts on this machine: namespaces with a libvirtd, a management controller and QEMU each. */
export function labCentre(options: { readonly directory: string; readonly imageDirectory: string; readonly log: (line: string) => void; readonly name: string; readonly subnetIndex: number }): DataCentre {
  const lab = openLab({ name: options.name, directory: options.directory, hostCount: 3, subnetIndex: options.subnetIndex });
  const [first] = lab.hosts;
  if (!first) throw new Error("A lab without hosts cannot be driven.");
  const systemMemoryMiB = Math.max(0, Math.floor(totalmem() / 2 ** 20) - GUEST_MEMORY_MIB);
  return {
    hypervisor: "libvirt",
    // The lab's shared storage is a directory that libvirt cannot know to be shared.
    driver: createLibvirtDriver({ unsafeMigration: true }),
    cpuModel: "qemu64",
    pool: first.pool,
    network: { cidr: `${lab.gatewayAddress}/${lab.guestAddresses.prefixLength}`, gateway: lab.gatewayAddress, firstAddress: lab.guestAddresses.first, lastAddress: lab.guestAddresses.last, bridge: first.bridge },
    processEnv: { LIBVIRT_UNSAFE_MIGRATION: "true" },
    up: async () => {
      const { adopted, started, ms } = await lab.up();
      return `${started.length} hosts started, ${adopted.length} kept, in ${(ms / 1000).toFixed(1)} s`;
    },
    down: () => lab.down({ keepStorage: true }),
    hosts: () => lab.hosts.map(({ name, uri, managementAddress, bmc }) => ({ name, uri, managementAddress, power: { kind: "ipmi", ...bmc }, systemMemoryMiB })),
    images: async () => {
      const desktop = await cachedDesktopImage(options.imageDirectory);
      return [await installTinyImage(options, lab), ...(desktop ? [await installDesktopImage(desktop, lab)] : [])];
    },
    crash: (host) => lab.crash(host),
    wake: (host) => lab.wake(host),
    runs: async () => (await lab.qemuProcesses()).map((run) => ({ instanceId: run.instance, host: run.host, startedAtMs: run.startedAtMs, endedAtMs: run.endedAtMs })),
    remains: async () => {
      const guests = (await lab.status()).hosts.flatMap((host) => host.guests);
      return { guests, volumes: readdirSync(lab.sharedPoolDirectory) };
    },
    ping: startPing,
  };
}

/** Builds the tiny guest once and lays it into the shared storage, where every host finds it. */
async function installTinyImage(options: { readonly imageDirectory: string; readonly log: (line: string) => void }, lab: ReturnType<typeof openLab>): Promise<DemoImage> {
  const built = await buildTinyImage({ directory: options.imageDirectory, log: options.log });
  // Recipe and kernel are part of the names: a newer build never changes a file that guests stand on.
  const names = { kernel: `${built.id}.vmlinuz`, initrd: `${built.id}.initrd`, root: `${built.id}.qcow2` };
  await lab.installVolumes([
    { from: built.kernelPath, name: names.kernel },
    { from: built.initrdPath, name: names.initrd },
    { from: built.rootVolumePath, name: names.root },
  ]);
  return {
    name: "Berth tiny",
    description: "Debian's cloud kernel, BusyBox and the guest agent: up in seconds",
    volume: names.root,
    format: "qcow2",
    virtualSizeMiB: built.rootSizeMiB,
    sizeBytes: statSync(built.rootVolumePath).size,
    sha256: await sha256(built.rootVolumePath),
    boot: { kind: "kernel", kernelFile: names.kernel, initrdFile: names.initrd, commandLine: built.commandLine },
  };
}

/** Lays the Debian desktop into the shared storage; it takes minutes to build, so it is there only where somebody built it. */
async function installDesktopImage(built: DesktopImage, lab: ReturnType<typeof openLab>): Promise<DemoImage> {
  const volume = `${built.id}.qcow2`;
  await lab.installVolumes([{ from: built.diskPath, name: volume }]);
  return {
    name: REAL_DESKTOP.image,
    description: "X with a window manager, terminal, files, editor and browser: up in a minute under software emulation",
    volume,
    format: "qcow2",
    virtualSizeMiB: built.sizeMiB,
    minimumMemoryMiB: 768,
    sizeBytes: statSync(built.diskPath).size,
    sha256: await sha256(built.diskPath),
    boot: { kind: "disk" },
  };
}

/** Where the demo keeps its lab below a data folder. */
export const labDirectory = (data: string): string => join(data, "lab");
