import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { seedImage } from "@/server/platform/seed-image";
import { Readable } from "node:stream";
import type { DomainSpec, HypervisorHost } from "@/server/drivers/hypervisor/types";
import { labSupport } from "@/server/lab";
import { endpointOf, type DataCentre } from "@/server/lab/demo/data-centre";
import { claimIdentity, labCentre, labDirectory } from "@/server/lab/demo/lab-centre";
import { root } from "@/server/lab/demo/start";

export interface BareLab {
  readonly centre: DataCentre;
  readonly hosts: readonly HypervisorHost[];
  /** A machine of the demo's smallest size that nobody but the benchmark knows; its disk is made. */
  readonly prepareDomain: (this: void, name: string) => Promise<DomainSpec>;
}

/** Real hosts without a control plane, for measuring the driver alone. */
export async function withBareLab<T>(work: (lab: BareLab) => Promise<T>): Promise<T> {
  const support = await labSupport();
  if (!support.available) throw new Error(`This benchmark needs real hosts, which cannot run here: ${support.reason}.`);
  const data = mkdtempSync(join(root, ".data", "bench-"));
  const centre = labCentre({ ...(await claimIdentity(data, data)), directory: labDirectory(data), imageDirectory: join(root, ".data", "images"), log: (line) => console.error(`  ${line}`) });
  const hosts: HypervisorHost[] = [];
  try {
    await centre.up();
    const [image] = await centre.images();
    if (!image || image.boot.kind !== "kernel") throw new Error("The lab offers no tiny image.");
    const { boot } = image;
    hosts.push(...centre.hosts().map((host) => centre.driver.connect(endpointOf(host))));
    const [first] = hosts;
    if (!first) throw new Error("The lab has no host.");
    let count = 0;
    const prepareDomain = async (name: string): Promise<DomainSpec> => {
      count += 1;
      const seed = seedImage({ "meta-data": `instance-id: ${name}\nlocal-hostname: ${name}\n`, "user-data": "", "network-config": "version: 2\nethernets: {}\n" });
      await first.ensureVolume({ pool: centre.pool.name, name: `${name}.qcow2`, format: "qcow2", capacityMiB: 1024, backing: { volume: image.volume, format: image.format } });
      await first.uploadVolume(centre.pool.name, `${name}-seed.raw`, Readable.from([Buffer.from(seed)]), seed.length);
      return {
        instanceId: name, uuid: `00000000-0000-4000-8000-${String(count).padStart(12, "0")}`, title: name, epoch: 1, vcpus: 1, maxVcpus: 2, memoryMiB: 128, maxMemoryMiB: 256,
        cpu: { model: centre.cpuModel, shares: 1024, limitMillicores: null },
        boot: { kind: "kernel", kernelPath: `${centre.pool.path}/${boot.kernelFile}`, initrdPath: `${centre.pool.path}/${boot.initrdFile}`, commandLine: boot.commandLine },
        disks: [
          { target: "vda", pool: centre.pool.name, volume: `${name}.qcow2`, format: "qcow2", readOnly: false },
          { target: "vdb", pool: centre.pool.name, volume: `${name}-seed.raw`, format: "raw", readOnly: true },
        ],
        nics: [{ macAddress: `52:54:00:be:00:${count.toString(16).padStart(2, "0")}`, bridge: centre.network.bridge, ipAddress: null, onlyWithin: null }],
      };
    };
    return await work({ centre, hosts, prepareDomain });
  } finally {
    await Promise.all(hosts.map((host) => host.close()));
    await centre.down();
    rmSync(data, { recursive: true, force: true });
  }
}
