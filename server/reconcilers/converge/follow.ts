import { readPredecessors, type DesiredInstance } from "@/server/compute";
import { readPlace, type AllocationRow, type FleetSnapshot, type HostRow } from "@/server/fleet";
import { sentence, type Sentence } from "@/server/platform/sentences";
import type { Transaction } from "@/server/platform/transaction";
import { isApplied, START_AFTER_WAIT_SECONDS, stateHere, type Predecessor, type View } from "./decide-step";

/**
 * True for a machine that ran, has nothing new asked of it, and was not started yet at the place that it was given: it was lost with its host. What its owner
 * starts, restarts or resumes is an order of its own and waits for nobody; neither does what vanished from a place where it ran for long.
 */
function wasLost(view: Omit<View, "follows">, nowMs: number): boolean {
  const { desired, allocation } = view;
  if (!allocation || !desired.observation || desired.desiredPower !== "running" || desired.deletedAt !== null || stateHere(view) !== "absent") return false;
  const { phase } = desired.observation;
  if (phase === "recovering") return true;
  // A new host that was silent for a moment takes the phase away: the decision is as young as before.
  return isApplied(desired) && (phase === "placed" || nowMs - allocation.decidedAt.getTime() < START_AFTER_WAIT_SECONDS * 1_000);
}

/** What a lost machine is to start after; none of any other machine, so that nothing is read for those. */
export async function readFollows(tx: Transaction, view: Omit<View, "follows">, nowMs: number): Promise<Predecessor[]> {
  if (!wasLost(view, nowMs)) return [];
  const found: Predecessor[] = [];
  for (const { id, name, wanted, runningAt } of await readPredecessors(tx, view.desired.id)) {
    // What should not run is not waited for, and nothing is to be said of it.
    if (!wanted) continue;
    const { allocation, host } = await readPlace(tx, id, view.desired.clusterId);
    found.push({ name, awaited: !standsOn(runningAt, allocation, host) });
  }
  return found;
}

/** Names of what an instance of a lost host will have to wait for, by the moment of the snapshot. */
export function awaitedOf(snapshot: FleetSnapshot, instanceId: string): string[] {
  const after = snapshot.planner.instances.find((one) => one.id === instanceId)?.startAfter ?? [];
  return after.flatMap((id) => {
    const other = snapshot.instances.get(id);
    if (!other || other.desiredPower !== "running" || other.deletedAt !== null) return [];
    const allocation = snapshot.allocations.get(id) ?? null;
    return standsOn(seenRunning(other), allocation, snapshot.hosts.get(allocation?.hostId ?? "") ?? null) ? [] : [other.name];
  });
}

export function sayFollows(names: readonly string[]): Sentence {
  return sentence("restart-follows", { names: [...names], waitSeconds: START_AFTER_WAIT_SECONDS });
}

/** How the waiting ended, for the receipt; null where there was nothing to wait for. */
export function sayFollowed(follows: readonly Predecessor[]): Sentence | null {
  const missing = follows.filter((one) => one.awaited).map((one) => one.name);
  if (missing.length > 0) return sentence("restart-without", { names: missing, waitSeconds: START_AFTER_WAIT_SECONDS });
  return follows.length === 0 ? null : sentence("restart-after", { names: follows.map((one) => one.name) });
}

function seenRunning({ observation }: DesiredInstance): { readonly hostId: string; readonly epoch: number } | null {
  return observation?.state === "running" && observation.hostId !== null && observation.epoch !== null ? { hostId: observation.hostId, epoch: observation.epoch } : null;
}

/** It was seen running where it should be now, and that host answers: what was last seen on a silent one is not taken for the truth. */
function standsOn(seen: { readonly hostId: string; readonly epoch: number } | null, allocation: Pick<AllocationRow, "hostId" | "epoch"> | null, host: Pick<HostRow, "state"> | null): boolean {
  return seen !== null && allocation !== null && seen.hostId === allocation.hostId && seen.epoch === allocation.epoch && host?.state === "up";
}
