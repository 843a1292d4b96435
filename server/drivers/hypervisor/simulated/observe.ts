import type { DomainObservation, HostFacts, HostObservation } from "../types";
import { account } from "./accounting";
import { pauseProcess } from "./process";
import type { WorldState } from "./state";
import type { DomainRecord, HostRecord } from "./types";
import { freeBytes } from "./volumes";
import { poolKey } from "./locks";

/** What the host says, which is ground truth only while it does not lie. */
export function observeHost(state: WorldState, host: HostRecord): HostObservation {
  account(state, host);
  stopWritersOfFullPools(state, host);
  const domains: DomainObservation[] = [];
  for (const domain of host.domains.values()) {
    const seen = observeDomain(domain);
    const told = host.lie ? asTold(host, seen) : seen;
    if (told) domains.push(told);
  }
  return { hostTimeMs: state.clock.nowMs() + host.options.clockSkewMs, domains };
}

function observeDomain(domain: DomainRecord): DomainObservation {
  const alive = domain.process !== "none";
  const residentMiB = alive ? Math.round(domain.memoryMiB * domain.profile.touchedFraction) : null;
  return {
    instanceId: domain.spec.instanceId,
    uuid: domain.spec.uuid,
    state: domain.state,
    reason: domain.migration ? "migrating" : domain.reason,
    epoch: domain.epoch,
    vcpus: domain.vcpus,
    memoryMiB: domain.memoryMiB,
    cpuTimeNs: BigInt(Math.floor(domain.cpuNs)),
    cpuDelayNs: BigInt(Math.floor(domain.delayNs)),
    balloonUnusedMiB: residentMiB === null ? null : domain.memoryMiB - residentMiB,
    residentMiB,
    diskReadBytes: BigInt(Math.floor(domain.diskReadBytes)),
    diskWrittenBytes: BigInt(Math.floor(domain.diskWrittenBytes)),
    netReceivedBytes: BigInt(Math.floor(domain.netBytes * 0.7)),
    netSentBytes: BigInt(Math.floor(domain.netBytes)),
  };
}

function asTold(host: HostRecord, seen: DomainObservation): DomainObservation | null {
  switch (host.lie?.kind) {
    case "empty":
      return null;
    case "frozen":
      return host.lie.frozen.includes(seen.instanceId) ? { ...seen, state: "running", reason: "started" } : null;
    case "all-running":
      return { ...seen, state: "running", reason: "started" };
    case undefined:
      return seen;
  }
}

/** QEMU pauses a guest whose write meets a full disk; noticed at the next look, which is when anybody can know. */
function stopWritersOfFullPools(state: WorldState, host: HostRecord): void {
  for (const pool of state.pools.values()) {
    if (pool.foreignBytes === 0 || freeBytes(pool) > 0) continue;
    for (const domain of host.domains.values()) {
      if (domain.process !== "executing" || domain.profile.diskWriteBytesPerCpuSecond <= 0) continue;
      const writes = domain.spec.disks.some((disk) => !disk.readOnly && state.pools.get(poolKey(state, host, disk.pool)) === pool);
      if (writes) pauseProcess(state, host, domain, "io-error");
    }
  }
}

export function hostFacts(state: WorldState, host: HostRecord): HostFacts {
  return {
    hostname: host.name,
    hostUuid: host.uuid,
    cores: host.options.cores,
    memoryMiB: host.options.memoryMiB,
    cpuModel: host.options.cpuModel,
    usableCpuModels: host.options.usableCpuModels,
    hypervisorVersion: "simulated 1",
    driverVersion: "simulated 1",
    accelerator: "emulation",
    keepsLeases: state.timings.leaseTtlMs > 0,
    pools: state.poolOptions.map((pool) => pool.name),
  };
}
