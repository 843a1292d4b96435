import { demandAt, demandBetween, shareCpu } from "./demand";
import type { WorldState } from "./state";
import type { DomainRecord, HostRecord } from "./types";

/**
 * Brings the CPU, disk and network counters of a host's domains up to now. Called before every look and before
 * every change of who runs, so that within one stretch the set of runners is constant.
 */
export function account(state: WorldState, host: HostRecord): void {
  const nowMs = state.clock.nowMs();
  const fromMs = host.accountedMs;
  if (nowMs <= fromMs) return;
  host.accountedMs = nowMs;
  const spanMs = nowMs - fromMs;
  const runners: DomainRecord[] = [];
  for (const domain of host.domains.values()) if (domain.process === "executing") runners.push(domain);
  if (runners.length === 0) return;
  const claims = runners.map((domain) => ({ wanted: wantedMs(domain, fromMs, nowMs), shares: Math.max(2, domain.spec.cpu.shares) }));
  const granted = shareCpu(claims, host.options.cores * spanMs);
  runners.forEach((domain, index) => {
    const usedMs = granted[index] ?? 0;
    const waitedMs = (claims[index]?.wanted ?? 0) - usedMs;
    domain.cpuNs += usedMs * 1e6;
    domain.delayNs += waitedMs * 1e6;
    host.cpuUsedNs += usedMs * 1e6;
    const seconds = usedMs / 1000;
    domain.diskWrittenBytes += seconds * domain.profile.diskWriteBytesPerCpuSecond;
    domain.diskReadBytes += seconds * domain.profile.diskWriteBytesPerCpuSecond * 0.6;
    domain.netBytes += seconds * domain.profile.netBytesPerCpuSecond;
  });
}

/** CPU milliseconds that the guest wants in the stretch: one busy vCPU while it boots, its pattern afterwards. */
function wantedMs(domain: DomainRecord, fromMs: number, toMs: number): number {
  const bootEndsMs = domain.bootedAtMs ?? domain.startedMs;
  const bootMs = Math.max(0, Math.min(toMs, bootEndsMs) - fromMs);
  const steadyFromMs = Math.max(fromMs, bootEndsMs);
  const steadyMs = domain.bootedAtMs === null ? 0 : demandBetween(domain.profile, steadyFromMs, toMs) * domain.vcpus;
  const wanted = bootMs + steadyMs;
  const limit = domain.spec.cpu.limitMillicores;
  return limit === null ? wanted : Math.min(wanted, (limit / 1000) * (toMs - fromMs));
}

/** MiB/s that the guest writes to memory now. */
export function dirtyRateNow(state: WorldState, domain: DomainRecord): number {
  if (domain.process !== "executing" || domain.bootedAtMs === null) return 0;
  return domain.profile.dirtyMiBs * demandAt(domain.profile, state.clock.nowMs());
}

/** Linear between idle and full load; an estimate, as a management controller's is. */
export function wattsNow(state: WorldState, host: HostRecord): number {
  if (host.phase === "off") return 4;
  let wanted = 0;
  const nowMs = state.clock.nowMs();
  for (const domain of host.domains.values()) {
    if (domain.process === "executing" && domain.bootedAtMs !== null) wanted += demandAt(domain.profile, nowMs) * domain.vcpus;
  }
  const load = Math.min(1, wanted / host.options.cores);
  return Math.round(host.options.idleWatts + (host.options.fullWatts - host.options.idleWatts) * load);
}
