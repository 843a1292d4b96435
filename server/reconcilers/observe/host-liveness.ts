import { setPhase } from "@/server/compute";
import { cancelFencing, changeHostState, closeIncident, lockHostRow, type AllocationRow, type ClusterRow, type HostRow } from "@/server/fleet";
import type { Context } from "@/server/platform/context";
import { sentence } from "@/server/platform/sentences";
import { inTransaction, type Transaction } from "@/server/platform/transaction";
import type { Pass } from "../types";

/** What a heartbeat leads to. `asked` is when the answer's question was put. */
export interface Liveness {
  readonly host: HostRow;
  readonly cluster: ClusterRow;
  readonly answeredAskedAt: Date | null;
  readonly silentSince: Date | null;
}

/** What should follow, without looking at the database again; the change itself re-reads the host under its lock. Pure. */
export function consequence(liveness: Liveness, nowMs: number): "recovered" | "returning" | "suspect" | null {
  const { host, cluster, answeredAskedAt, silentSince } = liveness;
  if (answeredAskedAt) {
    if (host.state === "suspect" || host.state === "isolated" || host.state === "unreachable" || host.state === "fencing") return "recovered";
    // An answer to a question put before the host died says nothing about now.
    if (host.state === "fenced" && answeredAskedAt > host.stateChangedAt) return "returning";
    // While its power is being cut it still answers; asked after that, an answer means that it was switched on.
    if (host.state === "asleep" && host.powerState !== "falling-asleep" && answeredAskedAt > (host.powerStateChangedAt ?? host.stateChangedAt)) return "returning";
    return null;
  }
  if (!silentSince) return null;
  // One that did not wake is known to be silent, and has no instances that could be missed.
  const watched = host.state === "up" || host.state === "returning" || (host.state === "quarantined" && host.powerState !== "failed-to-wake");
  return watched && nowMs - silentSince.getTime() >= cluster.suspectAfterSeconds * 1_000 ? "suspect" : null;
}

/** Applies it, for one host, if the host still is as it was. */
export async function applyConsequence(pass: Pass, liveness: Liveness, allocated: readonly AllocationRow[]): Promise<void> {
  const { context } = pass;
  if (!consequence(liveness, context.clock.nowMs())) return;
  const instanceIds = allocated.map((row) => row.instanceId);
  const to = await inTransaction(context, async (tx) => {
    const host = await lockHostRow(tx, liveness.host.id);
    // It may be suspected, or about to be fenced, since it was read: what it said a moment ago counts for that as well.
    const next = host ? consequence({ ...liveness, host }, context.clock.nowMs()) : null;
    if (!host || !next) return null;
    if (next === "suspect") {
      await changeHostState(tx, context, host, "suspect", sentence("host-silent"));
      await setPhase(tx, context, instanceIds, "unreachable");
    } else if (next === "returning") {
      await changeHostState(tx, context, host, "returning", sentence("host-cleaning"));
    } else {
      await recover(tx, context, host, instanceIds);
    }
    return next;
  });
  if (!to) return;
  context.logger.info({ host: liveness.host.name, from: liveness.host.state, to }, "host changed");
  pass.wake(to === "suspect" ? "fence-hosts" : to === "returning" ? "return-hosts" : "converge-instances");
}

async function recover(tx: Transaction, context: Context, host: HostRow, instanceIds: readonly string[]): Promise<void> {
  await closeIncident(tx, context, { clusterId: host.clusterId, hostId: host.id, kind: "host-isolated" }, { kind: "end", said: sentence("note-answers-again", { host: host.name }) });
  await cancelFencing(tx, context, host.id, sentence("fencing-host-answers"));
  await changeHostState(tx, context, host, "up", sentence("host-answers"));
  await setPhase(tx, context, instanceIds, null);
}
