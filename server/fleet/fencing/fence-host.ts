import type { Context } from "@/server/platform/context";
import { mintId } from "@/server/platform/id";
import { sentence, sentences, storedSentence, textOf, wordsOf, type Said } from "@/server/platform/sentences";
import type { Transaction } from "@/server/platform/transaction";
import { wake } from "@/server/platform/wake";
import { measureDecision, recordDecision } from "../decision/record-decision";
import { changeHostState } from "../host/change-state";
import { lockHost } from "../host/store";
import type { FencingRow, HostRow } from "../types";
import { insertFencing, lockOpenFencing, writeFencing } from "./store";

/**
 * Asks for a host to be fenced: from now on its management controller is told to cut the power until it confirms, the
 * host answers again, or the operator speaks. Null when the host is in no state to be fenced, or is being fenced.
 */
export async function requestFencing(tx: Transaction, context: Context, hostId: string, reason: Said, inputs: Record<string, unknown>): Promise<FencingRow | null> {
  const host = await lockHost(tx, hostId);
  if (!host || !["suspect", "unreachable"].includes(host.state)) return null;
  const open = await lockOpenFencing(tx, hostId);
  if (open) return open;
  const decisionId = await recordDecision(tx, context, {
    kind: "fence",
    clusterId: host.clusterId,
    hostId,
    inputs,
    chosen: { action: "cut-power" },
    rejected: [
      { action: "wait", text: "Waiting: its instances stay down as long as it is silent.", words: sentence("fence-not-wait").words },
      { action: "restart-at-once", text: "Restarting its instances elsewhere at once: a silent host may still run them, and two writers on one disk destroy it.", words: sentence("fence-not-at-once").words },
    ],
    reason,
    outcome: "planned",
  });
  const row = { id: mintId("fencing", context), hostId, state: "requested" as const, reason: textOf(reason), reasonWords: wordsOf(reason), requestedAt: context.clock.now(), silentSince: host.silentSince, decisionId };
  await insertFencing(tx, row);
  await changeHostState(tx, context, host, "fencing", reason);
  await wake(tx, "fence-hosts");
  return lockOpenFencing(tx, hostId);
}

/** Notes one attempt that did not confirm. Blocked means that no attempt so far could confirm that the host is dead. */
export async function noteFencingAttempt(tx: Transaction, context: Context, hostId: string, said: Said, blocked: boolean): Promise<void> {
  const row = await lockOpenFencing(tx, hostId);
  if (!row || row.state === "confirmed") return;
  const error = textOf(said);
  await writeFencing(tx, row.id, { attempts: row.attempts + 1, lastError: error, lastErrorWords: wordsOf(said), state: blocked ? "blocked" : row.state });
  if (!blocked) return;
  const host = await lockHost(tx, hostId);
  if (host?.state === "fencing") {
    await changeHostState(
      tx,
      context,
      host,
      "unreachable",
      sentence("host-fence-blocked", { error }),
    );
  }
  if (row.decisionId) await measureDecision(tx, context, row.decisionId, { blocked: true, attempts: row.attempts + 1, lastError: error });
}

/** The host is known dead: confirmed by its controller (which had to cut its power, or says that it was off), by its run-lease (`why` says how), or vouched for by an operator. With "power" and "was-off", `why` names the device where it was not the controller. Its instances may run elsewhere. */
export async function confirmFencing(tx: Transaction, context: Context, hostId: string, how: "power" | "was-off" | "vouched" | "lease", vouchedBy: string | null = null, why: Said | null = null): Promise<HostRow | null> {
  const host = await lockHost(tx, hostId);
  if (!host || !["suspect", "unreachable", "fencing"].includes(host.state)) return null;
  const row = await lockOpenFencing(tx, hostId);
  if (!row || row.state === "confirmed") return null;
  const now = context.clock.now();
  const method = how === "was-off" ? ("power" as const) : how;
  // Whoever reads the reason later has to know that nobody here switched it off.
  const found = how === "was-off" ? (why ?? sentence("host-controller-off")) : how === "power" && why !== null ? sentences(storedSentence(row.reason, row.reasonWords), storedSentence(textOf(why), wordsOf(why))) : null;
  await writeFencing(tx, row.id, { ...(found ? { reason: textOf(found), reasonWords: wordsOf(found) } : {}), state: "confirmed", confirmedAt: now, method, vouchedBy, attempts: row.attempts + 1 });
  const fenced = await changeHostState(tx, context, host, "fenced", why !== null ? why : method === "power" ? sentence("host-off-confirmed") : sentence("host-off-vouched", { operator: vouchedBy ?? "" }));
  const silentSince = row.silentSince ?? row.requestedAt;
  if (row.decisionId) {
    const detectMs = Math.max(0, row.requestedAt.getTime() - silentSince.getTime());
    await measureDecision(tx, context, row.decisionId, { method, detectMs, fenceMs: now.getTime() - row.requestedAt.getTime() }, "applied");
  }
  await wake(tx, "fail-over-instances");
  return fenced;
}

/** The host answers, so it is not dead, and nothing was restarted elsewhere: it is simply up again. */
export async function cancelFencing(tx: Transaction, context: Context, hostId: string, why: Said): Promise<void> {
  const row = await lockOpenFencing(tx, hostId);
  if (!row || row.state === "confirmed") return;
  const now = context.clock.now();
  await writeFencing(tx, row.id, { state: "cancelled", closedAt: now, lastError: textOf(why), lastErrorWords: wordsOf(why) });
  if (row.decisionId) await measureDecision(tx, context, row.decisionId, { cancelled: why }, "superseded");
}

/** All that was planned from a fencing is done. */
export async function closeFencing(tx: Transaction, context: Context, hostId: string, measured: Record<string, unknown>): Promise<void> {
  const row = await lockOpenFencing(tx, hostId);
  if (!row || row.state !== "confirmed") return;
  await writeFencing(tx, row.id, { closedAt: context.clock.now() });
  if (row.decisionId) await measureDecision(tx, context, row.decisionId, measured);
}
