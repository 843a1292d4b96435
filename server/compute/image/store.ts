import { and, asc, desc, eq, inArray, isNotNull, isNull, lt, ne, notInArray, or, sql } from "drizzle-orm";
import { image } from "@/db/schema/catalog";
import { volume } from "@/db/schema/compute";
import { goldenVersion } from "@/db/schema/desktop";
import type { Context } from "@/server/platform/context";
import type { Transaction } from "@/server/platform/transaction";
import type { ImageRow, ImageSource } from "../types";

/** Images of the context's organization and those offered to everybody; operators and loops see all. */
function visible(context: Context) {
  return context.scope === "tenant" ? or(isNull(image.organizationId), eq(image.organizationId, context.organizationId ?? "")) : undefined;
}

/** Images that the context may change: a tenant's own; those of everybody are the provider's. */
function own(context: Context) {
  return context.scope === "tenant" ? eq(image.organizationId, context.organizationId ?? "") : undefined;
}

export async function selectSources(tx: Transaction, imageIds: readonly string[]): Promise<ImageSource[]> {
  return tx
    .select({
      id: image.id, status: image.status, volume: image.volume, format: image.format, virtualSizeMiB: image.virtualSizeMiB, bootKind: image.bootKind,
      firmware: image.firmware, kernelFile: image.kernelFile, initrdFile: image.initrdFile, kernelCommandLine: image.kernelCommandLine,
    })
    .from(image)
    .where(inArray(image.id, [...imageIds]));
}

/** Own ones first, then those of everybody that can be used; without what was retired. */
export async function selectImages(tx: Transaction, context: Context): Promise<ImageRow[]> {
  const shown = context.scope === "tenant" ? or(isNotNull(image.organizationId), eq(image.status, "available")) : undefined;
  return tx.select().from(image).where(and(visible(context), shown, ne(image.status, "retired"))).orderBy(sql`${image.organizationId} is null`, asc(image.name), desc(image.createdAt));
}

export async function selectOwnImage(tx: Transaction, context: Context, imageId: string): Promise<ImageRow | null> {
  const [row] = await tx.select().from(image).where(and(eq(image.id, imageId), own(context)));
  return row ?? null;
}

export async function lockOwnImage(tx: Transaction, context: Context, imageId: string): Promise<ImageRow | null> {
  const [row] = await tx.select().from(image).where(and(eq(image.id, imageId), own(context))).for("update");
  return row ?? null;
}

export async function insertImage(tx: Transaction, row: typeof image.$inferInsert): Promise<ImageRow> {
  const [made] = await tx.insert(image).values(row).returning();
  if (!made) throw new Error("an insert answered no row");
  return made;
}

export async function updateImage(tx: Transaction, imageId: string, set: Partial<typeof image.$inferInsert>): Promise<void> {
  await tx.update(image).set(set).where(eq(image.id, imageId));
}

/** Images whose checked file waits to be copied into the pools, oldest first. */
export async function selectImporting(tx: Transaction, limit: number): Promise<ImageRow[]> {
  return tx.select().from(image).where(and(eq(image.status, "importing"), isNotNull(image.uploadedAt))).orderBy(image.uploadedAt).limit(limit);
}

/** Those of the given images that are still importing. */
export async function selectStillImporting(tx: Transaction, imageIds: readonly string[]): Promise<string[]> {
  const rows = await tx.select({ id: image.id }).from(image).where(and(eq(image.status, "importing"), inArray(image.id, [...imageIds])));
  return rows.map((row) => row.id);
}

/** Uploads that were begun before a moment and never ended. */
export async function selectAbandoned(tx: Transaction, before: Date, limit: number): Promise<string[]> {
  const rows = await tx.select({ id: image.id }).from(image).where(and(eq(image.status, "importing"), isNull(image.uploadedAt), lt(image.createdAt, before))).limit(limit);
  return rows.map((row) => row.id);
}

/** Retired images whose volume may still be on the storage and that no disk stands on. */
export async function selectRetired(tx: Transaction, limit: number): Promise<ImageRow[]> {
  return tx
    .select()
    .from(image)
    .where(and(eq(image.status, "retired"), isNull(image.removedAt), sql`not exists (select 1 from ${volume} where ${volume.backingVolume} = ${image.volume} and ${volume.state} <> 'removed')`))
    .limit(limit);
}

/** Versions of golden images that desktops are, or may be, made of: without the image nothing could be made or wiped any more. */
export async function countGoldenVersions(tx: Transaction, imageId: string): Promise<number> {
  const [row] = await tx.select({ n: sql<number>`count(*)::int` }).from(goldenVersion).where(and(eq(goldenVersion.imageId, imageId), notInArray(goldenVersion.state, ["retired", "failed"])));
  return row?.n ?? 0;
}

/** Instances with a disk that stands on this volume, in the trash or not; their base must stay. */
export async function countUsers(tx: Transaction, baseVolume: string): Promise<number> {
  const [row] = await tx.select({ n: sql<number>`count(distinct ${volume.instanceId})::int` }).from(volume).where(and(eq(volume.backingVolume, baseVolume), ne(volume.state, "removed")));
  return row?.n ?? 0;
}
