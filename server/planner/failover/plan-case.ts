import { assignCase, compareAssignments, type Taste } from "./assign-case";
import type { CaseInstance, CaseResult, CaseStep, FailoverCase } from "./case-types";

const TASTES: readonly Taste[] = ["thrifty", "roomy", "tight"];

/**
 * Answers a failover case. Without quorum nobody is fenced: with `stop` everything that this side can reach stops, with `freeze` nothing
 * starts and nothing moves. An instance last seen on a host that is silent and cannot be fenced counts as running there: it is never
 * started elsewhere. Otherwise lost and sick hosts are fenced first, and everything wanted is given a place by priority.
 */
export function planCase(one: FailoverCase): CaseResult {
  const silent = new Set(one.hosts.filter((host) => host.state === "lost" || host.state === "sick").map((host) => host.id));
  const acts = one.quorate || one.onNoQuorum === "ignore";
  const mayFence = acts && one.canFence;
  const fence = mayFence ? [...silent] : [];
  const untouchable = mayFence ? new Set<string>() : silent;
  const alive = new Set(one.hosts.filter((host) => host.state === "up" || host.state === "draining").map((host) => host.id));
  // Decided in advance: what is off, what sits on a host that nobody can vouch for, and everything if this side may not act.
  const fixed = new Map<string, string | null>();
  for (const instance of one.instances) {
    const stuck = instance.runningOn.find((host) => untouchable.has(host));
    if (stuck !== undefined) fixed.set(instance.id, stuck);
    else if (instance.wanted === "off") fixed.set(instance.id, null);
    else if (!acts) fixed.set(instance.id, one.onNoQuorum === "stop" ? null : (instance.runningOn.find((host) => alive.has(host)) ?? null));
  }
  const usable = one.hosts.filter((host) => host.state === "up");
  const outcomes = TASTES.map((taste) => assignCase(one, usable, fixed, taste));
  const [best] = outcomes.toSorted(compareAssignments);
  const hostOf = best?.hostOf ?? fixed;
  const final: Record<string, string | null> = {};
  for (const instance of one.instances) final[instance.id] = hostOf.get(instance.id) ?? null;
  return { id: one.id, fence, final, order: steps(one, fence, final, alive), moves: best?.moves ?? 0 };
}

/** Fence, then stop what must not run where it is, then start and migrate as room appears. */
function steps(one: FailoverCase, fence: string[], final: Record<string, string | null>, alive: ReadonlySet<string>): CaseStep[] {
  const order: CaseStep[] = fence.map((host) => ({ op: "fence", host }));
  const arrivals: { instance: CaseInstance; to: string; from: string | null }[] = [];
  const left = new Map(one.hosts.map((host) => [host.id, { cpu: host.cpu, memoryMiB: host.memoryMiB }]));
  const take = (instance: CaseInstance, host: string, sign: 1 | -1): void => {
    const room = left.get(host);
    if (room === undefined) return;
    room.cpu -= sign * instance.cpu;
    room.memoryMiB -= sign * instance.memoryMiB;
  };
  for (const instance of one.instances) {
    const target = final[instance.id] ?? null;
    const running = instance.runningOn.filter((host) => alive.has(host));
    const stays = target !== null && running.includes(target);
    // Live migration needs exactly one running copy; a split is healed by stopping first.
    const migrates = target !== null && !stays && instance.canMigrate && running.length === 1;
    for (const host of running) {
      if (host === target || migrates) take(instance, host, 1);
      else order.push({ op: "stop", instance: instance.id, host });
    }
    const heldBySilent = target !== null && !alive.has(target);
    if (target !== null && !stays && !heldBySilent) arrivals.push({ instance, to: target, from: migrates ? (running[0] ?? null) : null });
  }
  let waiting = arrivals;
  while (waiting.length > 0) {
    const still: typeof arrivals = [];
    for (const arrival of waiting) {
      const room = left.get(arrival.to);
      const fits = !one.capacityBinds || (room !== undefined && arrival.instance.cpu <= room.cpu && arrival.instance.memoryMiB <= room.memoryMiB);
      if (fits) arrive(arrival, order, take);
      else still.push(arrival);
    }
    if (still.length === waiting.length) {
      // Everybody waits for somebody else's room: one that would have migrated stops first.
      const blocked = still.find((arrival) => arrival.from !== null) ?? still[0];
      if (blocked === undefined) break;
      if (blocked.from === null) {
        arrive(blocked, order, take);
        still.splice(still.indexOf(blocked), 1);
      } else {
        order.push({ op: "stop", instance: blocked.instance.id, host: blocked.from });
        take(blocked.instance, blocked.from, -1);
        blocked.from = null;
      }
    }
    waiting = still;
  }
  return order;
}

function arrive(
  arrival: { instance: CaseInstance; to: string; from: string | null },
  order: CaseStep[],
  take: (instance: CaseInstance, host: string, sign: 1 | -1) => void,
): void {
  take(arrival.instance, arrival.to, 1);
  if (arrival.from !== null) take(arrival.instance, arrival.from, -1);
  order.push({ op: arrival.from === null ? "start" : "migrate_to", instance: arrival.instance.id, host: arrival.to });
}
