import { and, asc, desc, eq, inArray, isNotNull, isNull, ne, or, sql } from "drizzle-orm";
import { image } from "@/db/schema/catalog";
import { instance } from "@/db/schema/compute";
import type { Context } from "@/server/platform/context";
import type { Transaction } from "@/server/platform/transaction";
import type { ImageRow, ImageSource } from "../types";

/** Images of the context's organization and those offered to everybody; operators and loops see all. */
function visible(context: Context) {
  return context.scope === "tenant" ? or(isNull(image.organizationId), eq(image.organizationId, context.organizationId ?? "")) : undefined;
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

export async function selectImages(tx: Transaction, context: Context): Promise<ImageRow[]> {
  return tx.select().from(image).where(and(visible(context), ne(image.status, "retired"))).orderBy(isNotNull(image.organizationId), asc(image.name), desc(image.createdAt));
}

export async function lockImage(tx: Transaction, context: Context, imageId: string): Promise<ImageRow | null> {
  const [row] = await tx.select().from(image).where(and(eq(image.id, imageId), visible(context))).for("update");
  return row ?? null;
}

export async function selectImage(tx: Transaction, context: Context, imageId: string): Promise<ImageRow | null> {
  const [row] = await tx.select().from(image).where(and(eq(image.id, imageId), visible(context)));
  return row ?? null;
}

export async function insertImage(tx: Transaction, row: typeof image.$inferInsert): Promise<void> {
  await tx.insert(image).values(row);
}

export async function updateImage(tx: Transaction, imageId: string, set: Partial<typeof image.$inferInsert>): Promise<void> {
  await tx.update(image).set(set).where(eq(image.id, imageId));
}

/** Images whose checked file waits to be copied into the pools, oldest first. */
export async function selectImporting(tx: Transaction, limit: number): Promise<ImageRow[]> {
  return tx.select().from(image).where(and(eq(image.status, "importing"), isNotNull(image.uploadedAt))).orderBy(image.uploadedAt).limit(limit);
}

/** Instances whose disks stand on this image, in the trash or not; their base must stay. */
export async function countUsers(tx: Transaction, imageId: string): Promise<number> {
  const [row] = await tx.select({ n: sql<number>`count(*)::int` }).from(instance).where(and(eq(instance.imageId, imageId), isNull(instance.purgedAt)));
  return row?.n ?? 0;
}
