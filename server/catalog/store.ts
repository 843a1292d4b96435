import { and, asc, desc, eq, isNull, lte, sql } from "drizzle-orm";
import { flavor, image, priceVersion } from "@/db/schema/catalog";
import { organization } from "@/db/schema/tenancy";
import type { Transaction } from "@/server/platform/transaction";
import type { FlavorRow, ImageRow, PriceVersionRow } from "./types";

export async function insertFlavor(tx: Transaction, row: typeof flavor.$inferInsert): Promise<FlavorRow | null> {
  const [made] = await tx.insert(flavor).values(row).onConflictDoNothing({ target: flavor.name }).returning();
  return made ?? null;
}

export async function selectFlavors(tx: Transaction, which: "on-sale" | "all"): Promise<FlavorRow[]> {
  return tx.select().from(flavor).where(which === "on-sale" ? eq(flavor.onSale, true) : undefined).orderBy(asc(flavor.vcpus), asc(flavor.memoryMiB), asc(flavor.name));
}

export async function selectFlavorById(tx: Transaction, flavorId: string): Promise<FlavorRow | null> {
  const [row] = await tx.select().from(flavor).where(eq(flavor.id, flavorId));
  return row ?? null;
}

export async function updateOnSale(tx: Transaction, flavorId: string, onSale: boolean): Promise<void> {
  await tx.update(flavor).set({ onSale }).where(eq(flavor.id, flavorId));
}

/** Null when this meter, flavor and currency has a price from that very moment already. */
export async function insertPriceVersion(tx: Transaction, row: typeof priceVersion.$inferInsert): Promise<PriceVersionRow | null> {
  const [made] = await tx.insert(priceVersion).values(row).onConflictDoNothing().returning();
  return made ?? null;
}

export async function selectPriceVersions(tx: Transaction, currency: string | null): Promise<PriceVersionRow[]> {
  return tx.select().from(priceVersion).where(currency === null ? undefined : eq(priceVersion.currency, currency)).orderBy(asc(priceVersion.meter), asc(priceVersion.flavorId), asc(priceVersion.currency), desc(priceVersion.validFrom));
}

/** The newest version of each meter and flavor that is in force at a moment. */
export async function selectPricesInForce(tx: Transaction, currency: string, at: Date): Promise<PriceVersionRow[]> {
  return tx
    .selectDistinctOn([priceVersion.meter, priceVersion.flavorId])
    .from(priceVersion)
    .where(and(eq(priceVersion.currency, currency), lte(priceVersion.validFrom, at)))
    .orderBy(priceVersion.meter, priceVersion.flavorId, desc(priceVersion.validFrom));
}

export async function selectCurrency(tx: Transaction, organizationId: string): Promise<string | null> {
  const [row] = await tx.select({ currency: organization.currency }).from(organization).where(eq(organization.id, organizationId));
  return row?.currency ?? null;
}

export async function insertImage(tx: Transaction, row: typeof image.$inferInsert): Promise<ImageRow> {
  const [made] = await tx.insert(image).values(row).returning();
  if (!made) throw new Error("an insert answered no row");
  return made;
}

export async function selectPublicImage(tx: Transaction, volume: string): Promise<ImageRow | null> {
  const [row] = await tx.select().from(image).where(and(isNull(image.organizationId), eq(image.volume, volume), sql`${image.status} <> 'retired'`));
  return row ?? null;
}
