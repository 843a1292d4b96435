import { and, asc, desc, eq, isNull, or, sql } from "drizzle-orm";
import { flavor, image } from "@/db/schema/catalog";
import { instance } from "@/db/schema/compute";
import { desktop, desktopPool, goldenImage, goldenVersion } from "@/db/schema/desktop";
import type { Transaction } from "@/server/platform/transaction";
import type { GoldenImageRow, GoldenVersionRow } from "../types";

export async function ensureGoldenImage(tx: Transaction, row: typeof goldenImage.$inferInsert): Promise<GoldenImageRow> {
  await tx.insert(goldenImage).values(row).onConflictDoNothing();
  const [found] = await tx.select().from(goldenImage).where(and(eq(goldenImage.organizationId, row.organizationId), eq(goldenImage.name, row.name), isNull(goldenImage.retiredAt))).for("update");
  if (!found) throw new Error(`the golden image ${row.name} was neither there nor made`);
  return found;
}

/** The organization's own image, or one that is offered to all. */
export async function selectImage(tx: Transaction, organizationId: string, imageId: string) {
  const [row] = await tx.select({ id: image.id, name: image.name, status: image.status, statusReason: image.statusReason, minimumMemoryMiB: image.minimumMemoryMiB, virtualSizeMiB: image.virtualSizeMiB }).from(image).where(and(eq(image.id, imageId), or(isNull(image.organizationId), eq(image.organizationId, organizationId))));
  return row ?? null;
}

export async function insertVersion(tx: Transaction, row: Omit<typeof goldenVersion.$inferInsert, "number">): Promise<GoldenVersionRow> {
  const [last] = await tx.select({ number: sql<number>`coalesce(max(${goldenVersion.number}), 0)::int` }).from(goldenVersion).where(eq(goldenVersion.goldenImageId, row.goldenImageId));
  const [made] = await tx.insert(goldenVersion).values({ ...row, number: (last?.number ?? 0) + 1 }).returning();
  if (!made) throw new Error("a golden version was not made");
  return made;
}

export async function lockVersion(tx: Transaction, organizationId: string, versionId: string): Promise<GoldenVersionRow | null> {
  const [row] = await tx.select().from(goldenVersion).where(and(eq(goldenVersion.id, versionId), eq(goldenVersion.organizationId, organizationId))).for("update");
  return row ?? null;
}

export async function updateVersion(tx: Transaction, versionId: string, set: Partial<typeof goldenVersion.$inferInsert>): Promise<void> {
  await tx.update(goldenVersion).set(set).where(eq(goldenVersion.id, versionId));
}

/** All but the picture. */
const COLUMNS = {
  id: goldenVersion.id, goldenImageId: goldenVersion.goldenImageId, number: goldenVersion.number, imageId: goldenVersion.imageId, state: goldenVersion.state, checkedAt: goldenVersion.checkedAt,
  checkDetail: goldenVersion.checkDetail, note: goldenVersion.note, createdAt: goldenVersion.createdAt, publishedAt: goldenVersion.publishedAt,
};

/** Of every golden image its versions, newest first; the picture of the check is fetched by itself. */
export async function selectGolden(tx: Transaction, organizationId: string) {
  return tx
    .select({ ...COLUMNS, goldenImageName: goldenImage.name, imageName: image.name, imageStatus: image.status, hasScreenshot: sql<boolean>`${goldenVersion.screenshot} is not null` })
    .from(goldenVersion)
    .innerJoin(goldenImage, eq(goldenImage.id, goldenVersion.goldenImageId))
    .innerJoin(image, eq(image.id, goldenVersion.imageId))
    .where(and(eq(goldenVersion.organizationId, organizationId), isNull(goldenImage.retiredAt)))
    .orderBy(asc(goldenImage.name), desc(goldenVersion.number));
}

export async function hasGoldenImage(tx: Transaction, organizationId: string, goldenImageId: string): Promise<boolean> {
  const rows = await tx.select({ id: goldenImage.id }).from(goldenImage).where(and(eq(goldenImage.id, goldenImageId), eq(goldenImage.organizationId, organizationId), isNull(goldenImage.retiredAt)));
  return rows.length > 0;
}

/** The newest published version of a golden image, or null. */
export async function selectPublished(tx: Transaction, organizationId: string, goldenImageId: string): Promise<GoldenVersionRow | null> {
  const [row] = await tx
    .select()
    .from(goldenVersion)
    .where(and(eq(goldenVersion.organizationId, organizationId), eq(goldenVersion.goldenImageId, goldenImageId), eq(goldenVersion.state, "published")))
    .orderBy(desc(goldenVersion.number))
    .limit(1);
  return row ?? null;
}

export async function selectScreenshot(tx: Transaction, organizationId: string, versionId: string): Promise<string | null> {
  const [row] = await tx.select({ screenshot: goldenVersion.screenshot }).from(goldenVersion).where(and(eq(goldenVersion.id, versionId), eq(goldenVersion.organizationId, organizationId)));
  return row?.screenshot ?? null;
}

/** Pools and desktops that stand on a version. */
export async function countUsers(tx: Transaction, versionId: string): Promise<{ readonly pools: number; readonly desktops: number }> {
  const [pools] = await tx.select({ n: sql<number>`count(*)::int` }).from(desktopPool).where(and(eq(desktopPool.versionId, versionId), isNull(desktopPool.deletedAt)));
  const [desktops] = await tx.select({ n: sql<number>`count(*)::int` }).from(desktop).where(and(eq(desktop.versionId, versionId), sql`${desktop.state} <> 'retired'`));
  return { pools: pools?.n ?? 0, desktops: desktops?.n ?? 0 };
}

/** Versions whose check is under way, oldest first, over all organizations. */
export async function selectChecking(tx: Transaction): Promise<GoldenVersionRow[]> {
  const machineLeft = sql`exists (select 1 from ${instance} where ${instance.id} = ${goldenVersion.checkInstanceId} and ${instance.deletedAt} is null)`;
  return tx.select().from(goldenVersion).where(or(eq(goldenVersion.state, "checking"), machineLeft)).orderBy(asc(goldenVersion.createdAt)).limit(50);
}

/** Writes how a check ended, once. False when that was written before. */
export async function updateChecking(tx: Transaction, versionId: string, set: Partial<typeof goldenVersion.$inferInsert>): Promise<boolean> {
  const rows = await tx.update(goldenVersion).set(set).where(and(eq(goldenVersion.id, versionId), eq(goldenVersion.state, "checking"))).returning({ id: goldenVersion.id });
  return rows.length > 0;
}

/** The smallest flavor on sale that an image fits into. */
export async function selectSmallestFlavor(tx: Transaction, imageId: string): Promise<string | null> {
  const [row] = await tx
    .select({ id: flavor.id })
    .from(flavor)
    .innerJoin(image, eq(image.id, imageId))
    .where(and(eq(flavor.onSale, true), sql`${flavor.memoryMiB} >= ${image.minimumMemoryMiB} and ${flavor.diskGiB} * 1024 >= ${image.virtualSizeMiB}`))
    .orderBy(asc(flavor.memoryMiB), asc(flavor.vcpus))
    .limit(1);
  return row?.id ?? null;
}
