import type { Context } from "@/server/platform/context";
import type { Transaction } from "@/server/platform/transaction";
import { textOf, wordsOf, type Said } from "@/server/platform/sentences";
import { announce } from "@/server/platform/wake";
import { recordEventsOf } from "../instance/record-events";
import { lockInstance } from "../instance/store";
import { updatePendingBoot } from "./store";

/**
 * What is left of this generation waits for the next boot; `reason` is for the tenant. Quota stays held until it is
 * applied. `diskGiB` is given when the disk part is done. True when it was not said already.
 */
export async function notePendingBoot(
  tx: Transaction,
  context: Context,
  input: { readonly instanceId: string; readonly generation: number; readonly reason: Said; readonly diskGiB?: number | null },
): Promise<boolean> {
  const row = await lockInstance(tx, context, input.instanceId);
  if (!row || row.generation !== input.generation) return false;
  if (!(await updatePendingBoot(tx, row.id, input.reason, input.diskGiB ?? null))) return false;
  await recordEventsOf(tx, context, [{ instanceId: row.id, organizationId: row.organizationId, kind: "waits-for-boot", detail: { reason: textOf(input.reason), words: wordsOf(input.reason) } }]);
  await announce(tx, { organizationId: row.organizationId, topic: "instance", id: row.id });
  return true;
}
