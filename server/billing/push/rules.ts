import { microsPerMinor } from "@/server/rating";
import type { InvoiceView } from "../invoice";
import type { PushItem } from "./types";

/** Longest pause between two attempts: after a night's outage everything goes out within minutes. */
const LONGEST_PAUSE_MS = 15 * 60_000;
const FIRST_PAUSE_MS = 1_000;
/** The provider forgets keys after 24 hours; an hour of margin for clocks and for calls under way. */
export const KEY_LIFETIME_MS = 23 * 3_600_000;
/** The provider takes 250 items an invoice; more lines than this are summed by what they are. */
const MOST_ITEMS = 200;

/** The least that the provider charges, minor units, by currency (its own table; other currencies: one unit). */
const LEAST_CHARGE: Readonly<Record<string, number>> = { JPY: 50, USD: 50, EUR: 50, GBP: 30 };

/** True for an amount that is owed and cannot be charged: the provider would carry it over to another bill, where nobody finds it. */
export function belowLeastCharge(openMinor: number, currency: string): boolean {
  return openMinor > 0 && openMinor < (LEAST_CHARGE[currency] ?? 1);
}

/** How long to wait after so many failed attempts, milliseconds. `chance` in [0, 1) keeps many from coming at once. */
export function pauseMs(attempts: number, chance: number): number {
  return Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(Math.max(0, attempts - 1), 20)) * (0.75 + chance / 4);
}

/** True when the key of this generation may have been forgotten by the provider. */
export function keyExpired(keyedAt: Date | null, now: Date): boolean {
  return keyedAt !== null && now.getTime() - keyedAt.getTime() >= KEY_LIFETIME_MS;
}

interface Part {
  readonly key: string;
  readonly description: string;
  readonly amountMicros: number;
}

function wordsOf(line: InvoiceView["lines"][number]): string {
  const { text, instanceName, flavorName } = line.description;
  const name = [text, instanceName, line.resourceId].find((word): word is string => typeof word === "string" && word !== "");
  return [line.meter ?? line.kind, typeof flavorName === "string" ? flavorName : null, name ?? null].filter((word) => word !== null).join(" ");
}

/** Lines one by one while they fit, else summed by meter and kind. */
function partsOf(lines: InvoiceView["lines"]): Part[] {
  if (lines.length <= MOST_ITEMS) return lines.map((line) => ({ key: line.id, description: wordsOf(line), amountMicros: line.amountMicros }));
  const sums = new Map<string, number>();
  for (const line of lines) {
    const name = `${line.meter ?? line.kind}${line.flavorId ? ` ${line.flavorId}` : ""}`;
    sums.set(name, (sums.get(name) ?? 0) + line.amountMicros);
  }
  return [...sums].map(([name, amountMicros]) => ({ key: `sum:${name}`, description: name, amountMicros }));
}

/**
 * The items of an invoice in whole minor units. Lines are exact to the micro, the provider's items are not: each is
 * rounded down and the missing units go to the largest remainders, so that the items sum to the invoice, always.
 */
export function splitInvoice({ invoice, lines }: Pick<InvoiceView, "invoice" | "lines">): readonly PushItem[] {
  const unit = Number(microsPerMinor(invoice.currency));
  const parts = partsOf(lines).map((part) => ({ ...part, whole: Math.floor(part.amountMicros / unit) }));
  let left = invoice.subtotalMinor - parts.reduce((sum, part) => sum + part.whole, 0);
  const byRemainder = parts.toSorted((a, b) => b.amountMicros - b.whole * unit - (a.amountMicros - a.whole * unit) || (a.key < b.key ? -1 : 1));
  const extra = new Map<string, number>();
  for (const part of byRemainder) {
    if (left <= 0) break;
    extra.set(part.key, 1);
    left -= 1;
  }
  const items = parts.map((part) => ({ key: part.key, description: part.description, amountMinor: part.whole + (extra.get(part.key) ?? 0) }));
  const taxes = invoice.taxes.map((tax) => ({ key: `tax:${tax.rateBasisPoints}`, description: `Tax ${tax.rateBasisPoints / 100} %`, amountMinor: tax.taxMinor }));
  // What rounding left beyond the largest remainders (a minor unit at the most) has an item of its own.
  const rounding = left === 0 ? [] : [{ key: "rounding", description: "Rounding", amountMinor: left }];
  return [...items, ...rounding, ...taxes].filter((item) => item.amountMinor !== 0);
}
