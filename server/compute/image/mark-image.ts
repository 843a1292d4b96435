import { recordAudit } from "@/server/tenancy";
import type { Context } from "@/server/platform/context";
import type { Transaction } from "@/server/platform/transaction";
import { sentence, textOf, wordsOf, type Said } from "@/server/platform/sentences";
import { announce } from "@/server/platform/wake";
import { settleClaim } from "@/server/quota";
import type { ImageRow } from "../types";
import { storageGiBOf } from "./rules";
import { mayBecome } from "./state";
import { lockOwnImage, selectAbandoned, selectImporting, selectRetired, selectStillImporting, updateImage } from "./store";

/** A day: longer than any transfer that still moves. */
const ABANDONED_AFTER_MS = 24 * 3600 * 1000;

/** Images whose checked file waits in the upload folder (`uploadPath`) to be copied into the pools, oldest first. */
export async function listImporting(tx: Transaction, _context: Context, limit = 20): Promise<ImageRow[]> {
  return selectImporting(tx, limit);
}

/** Those of the given images whose file in the upload folder is still needed: it arrives now, or waits to be copied. */
export async function listStillImporting(tx: Transaction, _context: Context, imageIds: readonly string[]): Promise<ReadonlySet<string>> {
  return imageIds.length === 0 ? new Set() : new Set(await selectStillImporting(tx, imageIds));
}

/** Retired images whose volume is to be removed from the storage; no disk stands on them any more. */
export async function listRetiredImages(tx: Transaction, _context: Context, limit = 20): Promise<ImageRow[]> {
  return selectRetired(tx, limit);
}

/** The volume is in the pools: the image can be ordered, and its storage is committed. False when it is not importing (any more). */
export async function markAvailable(tx: Transaction, context: Context, input: { readonly imageId: string }): Promise<boolean> {
  const row = await lockOwnImage(tx, context, input.imageId);
  if (!row || !mayBecome(row.status, "available")) return false;
  await settle(tx, context, row, storageGiBOf(row.sizeBytes));
  await updateImage(tx, row.id, { status: "available", statusReason: null, statusWords: null });
  await tell(tx, context, row, "image.imported", { volume: row.volume });
  return true;
}

/** The import cannot succeed; the reason is for the owner. Its storage returns to the quota. */
export async function markFailed(tx: Transaction, context: Context, input: { readonly imageId: string; readonly reason: Said }): Promise<boolean> {
  const row = await lockOwnImage(tx, context, input.imageId);
  if (!row || !mayBecome(row.status, "failed")) return false;
  await settle(tx, context, row, 0);
  await updateImage(tx, row.id, { status: "failed", statusReason: textOf(input.reason), statusWords: wordsOf(input.reason) });
  await tell(tx, context, row, "image.import-failed", { reason: textOf(input.reason) });
  return true;
}

/** The volume of a retired image is confirmed gone from the storage, which returns to the quota. */
export async function markImageRemoved(tx: Transaction, context: Context, input: { readonly imageId: string }): Promise<boolean> {
  const row = await lockOwnImage(tx, context, input.imageId);
  if (!row || row.status !== "retired" || row.removedAt) return false;
  await settle(tx, context, row, 0);
  await updateImage(tx, row.id, { removedAt: context.clock.now() });
  await announce(tx, { organizationId: row.organizationId, topic: "image", id: row.id });
  return true;
}

/** Fails uploads that were begun a day ago and never arrived. Answers how many. */
export async function failAbandonedUploads(tx: Transaction, context: Context): Promise<number> {
  const abandoned = await selectAbandoned(tx, new Date(context.clock.nowMs() - ABANDONED_AFTER_MS), 100);
  for (const imageId of abandoned) await markFailed(tx, context, { imageId, reason: sentence("image-abandoned") });
  return abandoned.length;
}

/** Images of everybody belong to the provider and count against nobody's quota. */
async function settle(tx: Transaction, context: Context, row: ImageRow, storageGiB: number): Promise<void> {
  if (row.organizationId === null) return;
  await settleClaim(tx, context, {
    organizationId: row.organizationId, subjectId: row.id, purposes: ["image-import"], committedBefore: { storageGiB: row.quotaStorageGiB }, committedAfter: { storageGiB },
  });
  await updateImage(tx, row.id, { quotaStorageGiB: storageGiB });
}

async function tell(tx: Transaction, context: Context, row: ImageRow, action: string, after: Readonly<Record<string, unknown>>): Promise<void> {
  await announce(tx, { organizationId: row.organizationId, topic: "image", id: row.id });
  await recordAudit(tx, context, { organizationId: row.organizationId, action, targetKind: "image", targetId: row.id, after });
}
