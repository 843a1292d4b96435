import { createHash } from "node:crypto";
import { createReadStream, statSync } from "node:fs";
import { totalmem } from "node:os";
import { basename, join } from "node:path";
import { createLibvirtDriver } from "@/server/drivers/hypervisor/libvirt";
import { buildTinyImage } from "../image";
import { openLab } from "../index";
import type { DataCentre, DemoImage } from "./data-centre";
import { startPing } from "./ping";

/** What a demo host offers to guests; small, so that four orders fill it. */
const GUEST_MEMORY_MIB = 1536;
/** The demo's lab; tests use other numbers, so that both can be on one machine. */
const SUBNET_INDEX = 0;

async function sha256(file: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  return hash.digest("hex");
}

/** Three real hosts on this machine: namespaces with a libvirtd, a management controller and QEMU each. */
export function labCentre(options: { readonly directory: string; readonly imageDirectory: string; readonly log: (line: string) => void; readonly name?: string; readonly subnetIndex?: number }): DataCentre {
  const lab = openLab({ name: options.name ?? "demo", directory: options.directory, hostCount: 3, subnetIndex: options.subnetIndex ?? SUBNET_INDEX });
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
    images: async () => [await installTinyImage(options, lab)],
    crash: (host) => lab.crash(host),
    wake: (host) => lab.wake(host),
    runs: async () => (await lab.qemuProcesses()).map((run) => ({ instanceId: run.instance, host: run.host, startedAtMs: run.startedAtMs, endedAtMs: run.endedAtMs })),
    remains: async () => {
      const guests = (await lab.status()).hosts.flatMap((host) => host.guests);
      const { readdirSync } = await import("node:fs");
      return { guests, volumes: readdirSync(lab.sharedPoolDirectory) };
    },
    ping: startPing,
  };
}

/** Builds the tiny guest once and lays it into the shared storage, where every host finds it. */
async function installTinyImage(options: { readonly imageDirectory: string; readonly log: (line: string) => void }, lab: ReturnType<typeof openLab>): Promise<DemoImage> {
  const built = await buildTinyImage({ directory: options.imageDirectory, log: options.log });
  // The content is part of the names: a newer recipe never changes a file that guests stand on.
  const tag = (await sha256(built.initrdPath)).slice(0, 8);
  const names = { kernel: `tiny-${tag}.vmlinuz`, initrd: `tiny-${tag}.initrd`, root: `tiny-${tag}.qcow2` };
  await lab.installVolumes([
    { from: built.kernelPath, name: names.kernel },
    { from: built.initrdPath, name: names.initrd },
    { from: built.rootVolumePath, name: names.root },
  ]);
  return {
    name: "Berth tiny",
    description: `Kernel, BusyBox and guest agent: up in seconds (${basename(built.kernelPath)})`,
    volume: names.root,
    format: "qcow2",
    virtualSizeMiB: built.rootSizeMiB,
    sizeBytes: statSync(built.rootVolumePath).size,
    sha256: await sha256(built.rootVolumePath),
    boot: { kind: "kernel", kernelFile: names.kernel, initrdFile: names.initrd, commandLine: built.commandLine },
  };
}

/** Where the demo keeps its lab below a data folder. */
export const labDirectory = (data: string): string => join(data, "lab");
