import type { DomainSpec, MemoryImage, SaveRequest, SaveResult } from "../types";
import { DriverError } from "../../errors";
import { account } from "./accounting";
import { checkSpec, isAlreadyRunning } from "./domains";
import { poolKey, takeLocks } from "./locks";
import { beginProcess, defineDomain, emptyGuest, endProcess } from "./process";
import type { WorldState } from "./state";
import { checkEpoch, domainNamed, pause } from "./state";
import type { DomainRecord, HostRecord, SavedMemory } from "./types";
import { checkDisks, poolOf, putMemoryImage, volumeNamed, volumeOf } from "./volumes";

const MIB = 1_048_576;
/** As measured on lab hosts: 455 MB of a desktop in 0.4 s. */
const FILE_MIB_PER_MS = 1.1;

export async function saveDomain(state: WorldState, host: HostRecord, { instanceId, epoch, to }: SaveRequest): Promise<SaveResult> {
  const domain = domainNamed(host, instanceId);
  checkEpoch(domain, epoch, "Saving the memory", host.name);
  const pool = poolOf(state, host, to.pool);
  const present = pool.volumes.get(to.name);
  if (domain.process === "none" && domain.reason === "saved" && present?.memory) return { sizeBytes: present.allocatedBytes };
  if (domain.process !== "executing" || domain.migration) {
    throw new DriverError("invalid", `The memory of ${instanceId} on ${host.name} cannot be saved: it is ${domain.migration ? "moving" : domain.state}. Only a running machine has memory to save.`, { host: host.name });
  }
  const sizeBytes = Math.ceil(domain.memoryMiB * domain.profile.touchedFraction) * MIB;
  const { life } = domain;
  await pause(state, scaled(state, sizeBytes));
  if (domain.life !== life || domain.process !== "executing") {
    throw new DriverError("failed", `The memory of ${instanceId} on ${host.name} was not saved: the machine ended meanwhile.`, { host: host.name });
  }
  account(state, host);
  putMemoryImage(state, host, to, sizeBytes, memoryOf(state, host, domain));
  endProcess(state, host, domain, { state: "stopped", reason: "saved", orderly: false });
  return { sizeBytes };
}

/** Worlds whose starts take no time save and restore in none, too. */
function scaled(state: WorldState, bytes: number): number {
  return state.timings.startMs === 0 ? 0 : Math.ceil(bytes / MIB / FILE_MIB_PER_MS);
}

function memoryOf(state: WorldState, host: HostRecord, domain: DomainRecord): SavedMemory {
  const { guest } = domain;
  const nowMs = state.clock.nowMs();
  return {
    instanceId: domain.spec.instanceId,
    uuid: domain.spec.uuid,
    cpuModel: domain.spec.cpu.model,
    vcpus: domain.vcpus,
    memoryMiB: domain.memoryMiB,
    savedAtMs: nowMs,
    bootedAtMs: domain.bootedAtMs,
    clockOffsetMs: guest.clockOffsetMs,
    cache: new Map([...guest.cache].map(([path, entry]) => [path, { ...entry }])),
    nextPid: guest.nextPid,
    screenLines: [...guest.screenLines],
    writtenBy: writersOf(state, host, domain.spec),
  };
}

/** How often each writable disk has been opened: another number at the restore means that the disk has moved on. */
function writersOf(state: WorldState, host: HostRecord, spec: DomainSpec): Record<string, number> {
  return Object.fromEntries(spec.disks.filter((disk) => !disk.readOnly).map((disk) => [`${poolKey(state, host, disk.pool)}/${disk.volume}`, volumeOf(state, host, disk)?.openings ?? 0]));
}

export async function restoreDomain(state: WorldState, host: HostRecord, spec: DomainSpec, from: MemoryImage): Promise<void> {
  const present = host.domains.get(spec.instanceId);
  if (present && isAlreadyRunning(host, present, spec, "A restore")) return;
  const { memory } = volumeNamed(poolOf(state, host, from.pool), from.name, host);
  if (!memory || memory.instanceId !== spec.instanceId || memory.uuid !== spec.uuid) {
    throw new DriverError("unsupported", `${from.name} is no memory of ${spec.instanceId}. Start it without.`, { host: host.name });
  }
  if (!host.options.usableCpuModels.includes(memory.cpuModel)) {
    throw new DriverError("unsupported", `${spec.instanceId} was saved with the CPU model ${memory.cpuModel}, which ${host.name} cannot offer. Start it without its memory.`, { host: host.name });
  }
  const resumed: DomainSpec = { ...spec, vcpus: memory.vcpus, maxVcpus: Math.max(spec.maxVcpus, memory.vcpus), memoryMiB: memory.memoryMiB, maxMemoryMiB: Math.max(spec.maxMemoryMiB, memory.memoryMiB), cpu: { ...spec.cpu, model: memory.cpuModel } };
  checkSpec(state, host, resumed);
  checkDisks(state, host, resumed);
  const before = writersOf(state, host, resumed);
  takeLocks(state, host, resumed, (present?.life ?? 0) + 1);
  account(state, host);
  const domain = defineDomain(state, host, resumed);
  beginProcess(state, host, domain);
  goOn(state, domain, memory);
  for (const [disk, openings] of Object.entries(before)) {
    if (memory.writtenBy[disk] !== openings) state.tornGuests.push({ instanceId: spec.instanceId, host: host.name, disk, atMs: state.clock.nowMs() });
  }
  await pause(state, scaled(state, Math.ceil(memory.memoryMiB * domain.profile.touchedFraction) * MIB) + state.timings.startMs);
}

/** The guest does not know that time has passed: its clock stands where it stood, its programs go on. */
function goOn(state: WorldState, domain: DomainRecord, memory: SavedMemory): void {
  const asleepMs = state.clock.nowMs() - memory.savedAtMs;
  domain.bootedAtMs = memory.bootedAtMs === null ? null : memory.bootedAtMs + asleepMs;
  domain.guest = {
    ...emptyGuest(),
    clockOffsetMs: memory.clockOffsetMs - asleepMs,
    cache: new Map([...memory.cache].map(([path, entry]) => [path, { content: entry.content, sinceMs: entry.sinceMs + asleepMs }])),
    nextPid: memory.nextPid,
    screenLines: [...memory.screenLines],
  };
}
