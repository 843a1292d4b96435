import type { Context } from "@/server/platform/context";
import { notFound } from "@/server/platform/errors";
import { inTransaction, type Transaction } from "@/server/platform/transaction";
import { selectCurrency, selectPricesInForce, selectPriceVersions } from "./store";
import type { Price, PriceList, PriceVersionRow } from "./types";

/** Prices in force now in a currency. */
export async function readPricesIn(tx: Transaction, context: Context, currency: string): Promise<PriceList> {
  const at = context.clock.now();
  const rows = await selectPricesInForce(tx, currency, at);
  const toPrice = ({ id, microsPerHour, minimumMicros, minimumSeconds, monthlyCapMicros, validFrom }: PriceVersionRow): Price => ({
    priceVersionId: id, microsPerHour, minimumMicros: Math.max(minimumMicros, Math.round((minimumSeconds * microsPerHour) / 3_600)), monthlyCapMicros, validFrom,
  });
  const single = (meter: "storage" | "address" | "image"): Price | null => {
    const row = rows.find((candidate) => candidate.meter === meter);
    return row ? toPrice(row) : null;
  };
  return {
    currency,
    at,
    flavors: new Map(rows.flatMap((row) => (row.flavorId === null ? [] : [[row.flavorId, toPrice(row)] as const]))),
    storage: single("storage"),
    address: single("address"),
    image: single("image"),
  };
}

/** The currency in which an organization is billed. */
export async function readCurrencyIn(tx: Transaction, organizationId: string): Promise<string> {
  const currency = await selectCurrency(tx, organizationId);
  if (currency === null) throw notFound("organization", organizationId);
  return currency;
}

/** Micros of the organization's currency for a unit-hour; null where something has no price. */
export interface UnitPrices {
  readonly currency: string;
  readonly storageGiBMicrosPerHour: number | null;
  readonly addressMicrosPerHour: number | null;
  /** A private image: each GiB that was begun. */
  readonly imageGiBMicrosPerHour: number | null;
}

/** What disks, addresses and images cost the context's organization now. */
export async function readUnitPrices(context: Context, organizationId: string): Promise<UnitPrices> {
  return inTransaction(
    context,
    async (tx) => {
      const prices = await readPricesIn(tx, context, await readCurrencyIn(tx, organizationId));
      return { currency: prices.currency, storageGiBMicrosPerHour: prices.storage?.microsPerHour ?? null, addressMicrosPerHour: prices.address?.microsPerHour ?? null, imageGiBMicrosPerHour: prices.image?.microsPerHour ?? null };
    },
    { readOnly: true },
  );
}

/** Every price version, newest first within its meter, flavor and currency. */
export async function listPriceVersions(context: Context): Promise<PriceVersionRow[]> {
  return inTransaction(context, (tx) => selectPriceVersions(tx, null), { readOnly: true });
}

/** The same of one currency, in a transaction of the caller. */
export async function listPriceVersionsIn(tx: Transaction, currency: string): Promise<PriceVersionRow[]> {
  return selectPriceVersions(tx, currency);
}
