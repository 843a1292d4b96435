import type { Context } from "@/server/platform/context";
import { mintId } from "@/server/platform/id";
import { textOf, wordsOf, type Said } from "@/server/platform/sentences";
import type { Transaction } from "@/server/platform/transaction";
import { announce, wake } from "@/server/platform/wake";
import { writeHost } from "../host/store";
import type { HostRow } from "../types";
import { powerMayBecome, type PowerState } from "./state";
import { insertPowerEvent } from "./store";

export interface PowerStep {
  readonly kind: "sleep" | "wake" | "wake-test" | "wake-failed" | "returned";
  readonly reason: Said;
  readonly seconds?: number | null;
  readonly certificateId?: string | null;
  readonly decisionId?: string | null;
}

/** One step of a locked host's power, with its line in the timeline; what the table does not know is a bug, and is refused. */
export async function changePowerState(tx: Transaction, context: Context, host: HostRow, to: PowerState, step: PowerStep, more: { readonly wakeSeconds?: number; readonly lastWakeTestAt?: Date } = {}): Promise<HostRow> {
  if (!powerMayBecome(host.powerState, to)) throw new Error(`The power of host ${host.name} (${host.id}) is ${host.powerState} and can not become ${to}; the table of power states has no such step.`);
  const now = context.clock.now();
  const row = await writeHost(tx, host.id, { powerState: to, powerStateReason: textOf(step.reason), powerStateWords: wordsOf(step.reason), powerStateChangedAt: now, ...more });
  await insertPowerEvent(tx, {
    id: mintId("powerEvent", context),
    hostId: host.id,
    clusterId: host.clusterId,
    at: now,
    from: host.powerState,
    to,
    kind: step.kind,
    reason: textOf(step.reason),
    reasonWords: wordsOf(step.reason),
    seconds: step.seconds ?? null,
    certificateId: step.certificateId ?? null,
    decisionId: step.decisionId ?? null,
  });
  await announce(tx, { organizationId: null, topic: "host", id: host.id });
  await wake(tx, "power-hosts");
  return row ?? { ...host, powerState: to };
}
