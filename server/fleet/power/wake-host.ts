import type { Context } from "@/server/platform/context";
import { sentence, storedSentence, type Said } from "@/server/platform/sentences";
import type { Transaction } from "@/server/platform/transaction";
import { raiseGeneration } from "../cluster/store";
import { measureDecision, recordDecision } from "../decision/record-decision";
import { changeHostState } from "../host/change-state";
import { lockHost } from "../host/store";
import type { HostRow } from "../types";
import { changePowerState } from "./change-power-state";
import { lastEvents } from "./store";

/** The newest wakes count most, and a slow one is remembered for a while: what waits for a wake must not wait too short. */
const REMEMBERED = 0.8;

/**
 * Asks for a sleeper to be woken; null when it is not asleep. The loop power-hosts does it. A host on its way there still answers, and would be
 * taken for awake while its power goes: whoever needs it asks again when it is off.
 */
export async function requestWake(tx: Transaction, context: Context, hostId: string, wake: { readonly reason: Said; readonly test?: boolean; readonly inputs?: Record<string, unknown> }): Promise<HostRow | null> {
  const host = await lockHost(tx, hostId);
  if (host?.state !== "asleep" || host.powerState !== "asleep") return null;
  const decisionId = await recordDecision(tx, context, {
    kind: "wake",
    clusterId: host.clusterId,
    hostId,
    inputs: wake.inputs ?? {},
    chosen: { action: wake.test === true ? "wake-test" : "wake", hostId, hostName: host.name },
    predicted: { seconds: host.wakeSeconds },
    reason: wake.reason,
    outcome: "planned",
  });
  // The planner counts on it soon, so what was planned without it is planned again.
  await raiseGeneration(tx, host.clusterId);
  return changePowerState(tx, context, host, "waking", { kind: wake.test === true ? "wake-test" : "wake", reason: wake.reason, decisionId });
}

/** Its controller said `off`. */
export async function noteAsleep(tx: Transaction, context: Context, hostId: string, seconds: number): Promise<HostRow | null> {
  const host = await lockHost(tx, hostId);
  if (host?.powerState !== "falling-asleep") return null;
  const event = (await lastEvents(tx, [hostId])).get(hostId);
  if (event?.decisionId) await measureDecision(tx, context, event.decisionId, { seconds }, "applied");
  return changePowerState(tx, context, host, "asleep", { kind: "sleep", reason: storedSentence(host.powerStateReason, host.powerStateWords), seconds, certificateId: event?.certificateId ?? null, decisionId: event?.decisionId ?? null });
}

/** It answers (or was switched on by hand): its power needs nobody's care any more. */
export async function noteAwake(tx: Transaction, context: Context, hostId: string): Promise<HostRow | null> {
  const host = await lockHost(tx, hostId);
  if (!host || host.powerState === "on" || !["up", "returning"].includes(host.state)) return null;
  const asked = host.powerState === "waking" && host.powerStateChangedAt !== null;
  const seconds = asked && host.powerStateChangedAt ? (context.clock.nowMs() - host.powerStateChangedAt.getTime()) / 1_000 : null;
  const event = (await lastEvents(tx, [hostId])).get(hostId);
  if (event?.decisionId) await measureDecision(tx, context, event.decisionId, { seconds }, "applied");
  const remembered = seconds === null ? {} : { wakeSeconds: Math.max(seconds, (host.wakeSeconds ?? 0) * REMEMBERED + seconds * (1 - REMEMBERED)) };
  // Every wake proves what a test would prove.
  const proved = asked ? { lastWakeTestAt: context.clock.now() } : {};
  const reason = asked ? sentence("wake-came", { afterSeconds: Math.round((seconds ?? 0) * 10) / 10 }) : sentence("wake-by-hand");
  return changePowerState(tx, context, host, "on", { kind: event?.kind === "wake-test" ? "wake-test" : asked ? "wake" : "returned", reason, seconds, decisionId: event?.decisionId ?? null }, { ...remembered, ...proved });
}

/** It did not come: nothing is to be expected of it until an operator has looked. */
export async function failWake(tx: Transaction, context: Context, hostId: string, why: Said): Promise<HostRow | null> {
  const host = await lockHost(tx, hostId);
  if (host?.powerState !== "waking" || host.state !== "asleep") return null;
  const event = (await lastEvents(tx, [hostId])).get(hostId);
  if (event?.decisionId) await measureDecision(tx, context, event.decisionId, { error: why }, "failed");
  const row = await changeHostState(tx, context, host, "quarantined", why);
  return changePowerState(tx, context, { ...row, powerState: host.powerState }, "failed-to-wake", { kind: "wake-failed", reason: why, decisionId: event?.decisionId ?? null });
}

/** Its power could not be cut and it still answers: it goes back to work. */
export async function cancelSleep(tx: Transaction, context: Context, hostId: string, why: Said): Promise<HostRow | null> {
  const host = await lockHost(tx, hostId);
  if (host?.powerState !== "falling-asleep" || host.state !== "asleep") return null;
  const event = (await lastEvents(tx, [hostId])).get(hostId);
  if (event?.decisionId) await measureDecision(tx, context, event.decisionId, { error: why }, "failed");
  return changePowerState(tx, context, host, "waking", { kind: "wake", reason: why });
}
