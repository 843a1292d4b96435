import type { DesiredInstance, ImageSource } from "@/server/compute";
import type { BootSpec, DomainSpec } from "@/server/drivers/hypervisor/types";
import type { AllocationRow, ClusterRow, HostRow, StoragePoolRow } from "@/server/fleet";
import { disksOf } from "./decide-step";

/** Room for growth without a restart: four times the size covers the next flavors, within what the host has. */
const GROWTH_FACTOR = 4;

export interface SpecSource {
  readonly desired: DesiredInstance;
  readonly allocation: AllocationRow;
  readonly host: HostRow;
  readonly cluster: ClusterRow;
  readonly pools: ReadonlyMap<string, StoragePoolRow>;
  readonly image: ImageSource;
}

/** What the domain must be, from what was asked for and where it was placed. Pure. */
export function domainSpec(source: SpecSource): DomainSpec {
  const { desired, allocation, host, cluster } = source;
  return {
    instanceId: desired.id,
    uuid: desired.uuid,
    title: desired.name,
    epoch: allocation.epoch,
    vcpus: desired.vcpus,
    maxVcpus: Math.max(desired.vcpus, Math.min(host.cores, desired.vcpus * GROWTH_FACTOR)),
    memoryMiB: desired.memoryMiB,
    maxMemoryMiB: Math.max(desired.memoryMiB, Math.min(host.memoryMiB - host.systemMemoryMiB, desired.memoryMiB * GROWTH_FACTOR)),
    cpu: { model: cluster.cpuModel, shares: desired.flavor.cpuShares * desired.vcpus, limitMillicores: desired.flavor.cpuLimitMillicores },
    boot: bootOf(source),
    disks: disksOf(desired).map((volume, index) => ({
      target: diskTarget(index),
      pool: poolOf(source, volume.poolId).name,
      volume: volume.name,
      format: volume.format,
      readOnly: volume.kind === "seed",
    })),
    nics: desired.addresses.filter((address) => address.kind === "private").map((address) => ({ macAddress: address.mac, bridge: address.bridge, ipAddress: address.ip, onlyWithin: address.onlyWithin })),
  };
}

/** vda, vdb, ... in the order of the guest's disks. */
export function diskTarget(index: number): string {
  return `vd${String.fromCharCode("a".charCodeAt(0) + index)}`;
}

function poolOf(source: SpecSource, poolId: string): StoragePoolRow {
  const pool = source.pools.get(poolId);
  if (!pool) throw new Error(`The volume pool ${poolId} of ${source.desired.id} is not one of its cluster ${source.cluster.id}.`);
  return pool;
}

function bootOf(source: SpecSource): BootSpec {
  const { image, desired } = source;
  if (image.bootKind === "disk") return { kind: "disk", firmware: image.firmware };
  const root = desired.volumes.find((volume) => volume.kind === "root");
  const directory = root ? poolOf(source, root.poolId).path : "";
  if (!image.kernelFile || !image.initrdFile) throw new Error(`The image ${image.id} boots by a kernel and names none. Register it again with its kernel and initrd files.`);
  return { kind: "kernel", kernelPath: `${directory}/${image.kernelFile}`, initrdPath: `${directory}/${image.initrdFile}`, commandLine: image.kernelCommandLine ?? "" };
}
