import { listPriceVersionsIn } from "@/server/catalog";
import type { Context } from "@/server/platform/context";
import { Problem } from "@/server/platform/errors";
import { sentence } from "@/server/platform/sentences";
import { inTransaction } from "@/server/platform/transaction";
import { isBilledCurrency, rateUsage, type PriceVersion, type UsageWindow } from "@/server/rating";
import { toPrice } from "../draft";
import { billingPeriod } from "../rules";
import { selectUsers, selectWindowsOf } from "./store";
import type { PriceEffect, PricePreview } from "./types";

/** Organizations read and rated in one go: some thousand windows each keep memory small. */
const AT_ONCE = 200;

export type NewPrice = Omit<PriceVersion, "id" | "currency" | "validFromMs">;

/**
 * Rates the last whole month (UTC) of everybody who is billed in a currency twice: as it was, and as if the given prices had held all along.
 * List prices and their terms; what is agreed with one organization stays out of it. Changes nothing.
 */
export async function previewPrices(context: Context, input: { readonly currency: string; readonly prices: readonly NewPrice[] }): Promise<PricePreview> {
  if (!isBilledCurrency(input.currency)) throw new Problem("bad-input", sentence("refused-preview-currency", { currency: input.currency }), { field: "currency" });
  const { start: to } = billingPeriod("UTC", context.clock.now());
  const { start: from } = billingPeriod("UTC", new Date(to.getTime() - 1));
  const period = { startMs: from.getTime(), endMs: to.getTime() };
  const current = (await inTransaction(context, (tx) => listPriceVersionsIn(tx, input.currency), { readOnly: true })).map(toPrice);
  const next = withNewPrices(current, input);
  const effects: PriceEffect[] = [];
  let unpriced = 0;
  for (let after = ""; ; ) {
    const { ids, windows } = await inTransaction(context, async (tx) => {
      const users = await selectUsers(tx, input.currency, from, to, after, AT_ONCE);
      return { ids: users, windows: await selectWindowsOf(tx, users, from, to) };
    }, { isolation: "repeatable read", readOnly: true });
    const last = ids.at(-1);
    if (last === undefined) break;
    for (const organizationId of ids) {
      const own: readonly UsageWindow[] = windows.get(organizationId) ?? [];
      const rate = (prices: readonly PriceVersion[]) => rateUsage({ windows: own, prices, period, currency: input.currency });
      const changed = rate(next);
      unpriced += changed.unpriced.length;
      effects.push({ organizationId, beforeMinor: Number(rate(current).subtotalMinor), afterMinor: Number(changed.subtotalMinor) });
    }
    after = last;
  }
  const sum = (pick: (effect: PriceEffect) => number): number => effects.reduce((total, effect) => total + pick(effect), 0);
  return {
    currency: input.currency, from, to, beforeMinor: sum((effect) => effect.beforeMinor), afterMinor: sum((effect) => effect.afterMinor), unpriced,
    organizations: effects.toSorted((a, b) => Math.abs(b.afterMinor - b.beforeMinor) - Math.abs(a.afterMinor - a.beforeMinor)),
  };
}

/** The book as if the new prices had always held: they replace every version of the same thing. */
function withNewPrices(current: readonly PriceVersion[], input: { readonly currency: string; readonly prices: readonly NewPrice[] }): PriceVersion[] {
  const key = (price: Pick<PriceVersion, "meter" | "flavorId" | "storageClass">): string => `${price.meter}:${price.flavorId ?? ""}:${price.storageClass ?? ""}`;
  const replaced = new Set(input.prices.map((price) => key(price)));
  return [...current.filter((price) => !replaced.has(key(price))), ...input.prices.map((price, index) => ({ ...price, id: `new-${index + 1}`, currency: input.currency, validFromMs: 0 }))];
}
