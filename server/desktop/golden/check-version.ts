import { createInstance, deleteInstance } from "@/server/compute";
import type { Context } from "@/server/platform/context";
import { Problem } from "@/server/platform/errors";
import { sentence } from "@/server/platform/sentences";
import { inTransaction, type Transaction } from "@/server/platform/transaction";
import { announce } from "@/server/platform/wake";
import type { GoldenVersionRow } from "../types";
import { selectChecking, selectSmallestFlavor, updateChecking, updateVersion } from "./store";

/** What the loop has to check, and checked versions whose machine is still to be removed. */
export async function listChecking(tx: Transaction, _context: Context): Promise<GoldenVersionRow[]> {
  return selectChecking(tx);
}

/** Orders the machine that the check is made on; the same key answers the same machine after a crash. Throws a Problem that says why it cannot be had. */
export async function orderCheckMachine(given: Context, version: GoldenVersionRow): Promise<string> {
  const context: Context = { ...given, organizationId: version.organizationId };
  const flavorId = await inTransaction(context, (tx) => selectSmallestFlavor(tx, version.imageId), { readOnly: true });
  if (flavorId === null) throw new Problem("conflict", sentence("refused-golden-too-large"), { imageId: version.imageId });
  const made = await createInstance(context, { name: `check-${version.id.slice(-10)}`, flavorId, imageId: version.imageId, idempotencyKey: `golden:${version.id}` });
  await inTransaction(context, (tx) => updateVersion(tx, version.id, { checkInstanceId: made.id, checkStartedAt: version.checkStartedAt ?? context.clock.now() }));
  return made.id;
}

/** Removes the machine of a check; it may be gone already. */
export async function removeCheckMachine(given: Context, version: GoldenVersionRow): Promise<void> {
  if (version.checkInstanceId === null) return;
  try {
    await deleteInstance({ ...given, organizationId: version.organizationId }, { instanceId: version.checkInstanceId, trashSeconds: 0 });
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
  }
}

/** How the check ended; the first word counts. `screenshot` is PNG in base64. */
export async function concludeCheck(tx: Transaction, context: Context, version: GoldenVersionRow, result: { readonly passed: boolean; readonly detail: Readonly<Record<string, unknown>>; readonly screenshot: string | null }): Promise<void> {
  const isFirst = await updateChecking(tx, version.id, { state: result.passed ? "checked" : "failed", checkedAt: context.clock.now(), checkDetail: { ...result.detail }, screenshot: result.screenshot });
  if (isFirst) await announce(tx, { organizationId: version.organizationId, topic: "desktop", id: version.id });
}
