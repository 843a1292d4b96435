import type { Context } from "@/server/platform/context";
import type { Transaction } from "@/server/platform/transaction";
import { textOf, wordsOf, type Said } from "@/server/platform/sentences";
import { announce } from "@/server/platform/wake";
import { recordEventsOf } from "../instance/record-events";
import type { InstancePhase } from "../types";
import { upsertPhase } from "./store";

/** Says what the fleet does with instances, for their tenants. Writes nothing where it is said already; answers the others. */
export async function setPhase(tx: Transaction, context: Context, instanceIds: readonly string[], phase: InstancePhase | null): Promise<string[]> {
  if (instanceIds.length === 0) return [];
  const written = await upsertPhase(tx, instanceIds, phase, null, context.clock.now());
  for (const { instanceId, organizationId } of written) await announce(tx, { organizationId, topic: "instance", id: instanceId });
  return written.map(({ instanceId }) => instanceId);
}

/**
 * Says that an instance waits for capacity, why, and the smallest change that would make it fit, in the tenant's words.
 * Writes an event when the waiting begins, not again while it lasts. True when anything was written.
 */
export async function noteWaiting(
  tx: Transaction,
  context: Context,
  input: { readonly instanceId: string; readonly text: Said; readonly smallestChange: Said | null; readonly decisionId?: string | null },
): Promise<boolean> {
  const { instanceId, decisionId } = input;
  const words = wordsOf(input.text);
  const waiting = {
    text: textOf(input.text),
    smallestChange: input.smallestChange === null ? null : textOf(input.smallestChange),
    ...(words ? { words } : {}),
    ...(input.smallestChange === null ? {} : { changeWords: wordsOf(input.smallestChange) }),
  };
  const [written] = await upsertPhase(tx, [instanceId], "waiting-for-capacity", waiting, context.clock.now());
  if (!written) return false;
  const { organizationId, before } = written;
  if (before !== "waiting-for-capacity") await recordEventsOf(tx, context, [{ instanceId, organizationId, kind: "waiting-for-capacity", detail: waiting, decisionId: decisionId ?? null }]);
  await announce(tx, { organizationId, topic: "instance", id: instanceId });
  return true;
}
