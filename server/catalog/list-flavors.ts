import type { Context } from "@/server/platform/context";
import { inTransaction, type Transaction } from "@/server/platform/transaction";
import { readPricesIn } from "./read-prices";
import { currency as currencyCode } from "./schema";
import { selectFlavors } from "./store";
import type { FlavorRow, FlavorView } from "./types";

/** Sizes on sale with their price in force, smallest first. */
export async function listFlavorsIn(tx: Transaction, context: Context, currency: string): Promise<FlavorView[]> {
  const prices = await readPricesIn(tx, context, currency);
  return (await selectFlavors(tx, "on-sale")).map(({ id, name, class: flavorClass, vcpus, memoryMiB, diskGiB }) => {
    const price = prices.flavors.get(id);
    return { id, name, class: flavorClass, vcpus, memoryMiB, diskGiB, microsPerHour: price?.microsPerHour ?? null, minimumMicros: price?.minimumMicros ?? 0, monthlyCapMicros: price?.monthlyCapMicros ?? null, currency };
  });
}

/** For the public site: what is on sale and priced in this currency. */
export async function listPublicFlavors(context: Context, input: { readonly currency: string }): Promise<FlavorView[]> {
  const currency = currencyCode.parse(input.currency);
  const flavors = await inTransaction(context, (tx) => listFlavorsIn(tx, context, currency), { readOnly: true });
  return flavors.filter((flavor) => flavor.microsPerHour !== null);
}

/** Every size that ever was, for operators. */
export async function listAllFlavors(context: Context): Promise<FlavorRow[]> {
  return inTransaction(context, (tx) => selectFlavors(tx, "all"), { readOnly: true });
}

/** Names by id, also of sizes that are sold no longer. */
export async function readFlavorNamesIn(tx: Transaction): Promise<ReadonlyMap<string, string>> {
  return new Map((await selectFlavors(tx, "all")).map((flavor) => [flavor.id, flavor.name]));
}
