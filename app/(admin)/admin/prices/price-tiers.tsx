"use client";

import { Plus, X } from "lucide-react";
import { useTranslations } from "next-intl";
import { Button } from "@/app/_components/ui/button";
import { Input } from "@/app/_components/ui/field";

/** A tier as it is typed; `key` keeps a row's fields with it when another one goes. */
export interface TypedTier {
  readonly key: number;
  readonly from: string;
  readonly price: string;
}

const MICROS = 1_000_000;
/** More than any price list has; the catalog takes no more either. */
const MOST_TIERS = 20;
const numberOf = (text: string): number => (text.trim() === "" ? Number.NaN : Number(text));

/** What the form sends; an empty field is no number, which the catalog's own rules refuse. */
export function readTiers(tiers: readonly TypedTier[]): { readonly fromUnitHours: number; readonly microsPerHour: number }[] {
  return tiers.map(({ from, price }) => ({ fromUnitHours: numberOf(from), microsPerHour: Math.round(numberOf(price) * MICROS) }));
}

/** True when a tier begins where the one before it begins, or earlier. */
function isLow(tiers: readonly TypedTier[], index: number): boolean {
  const before = tiers[index - 1];
  const here = tiers[index];
  return before !== undefined && here !== undefined && here.from.trim() !== "" && numberOf(here.from) <= numberOf(before.from);
}

/** Other prices from some quantities on: each tier's price is for what lies beyond where it begins. */
export function PriceTiers({ tiers, onChange }: { readonly tiers: readonly TypedTier[]; readonly onChange: (tiers: readonly TypedTier[]) => void }) {
  const t = useTranslations("adminMoney.prices");
  const set = (key: number, change: Partial<TypedTier>): void => onChange(tiers.map((tier) => (tier.key === key ? { ...tier, ...change } : tier)));
  const next = Math.max(0, ...tiers.map((tier) => tier.key)) + 1;
  return (
    <fieldset className="grid gap-2">
      <legend className="mb-1 font-medium">{t("tiers")}</legend>
      <p className="text-xs text-muted">{t("tiersHint")}</p>
      {tiers.map((tier, index) => (
        <div key={tier.key} className="grid grid-cols-[minmax(0,1fr)_minmax(0,1fr)_auto] items-end gap-2">
          <label className="grid gap-1 text-xs">
            <span>{t("tierFrom")}</span>
            <Input type="number" min={1} step={1} inputMode="numeric" aria-invalid={isLow(tiers, index) ? true : undefined} value={tier.from} onChange={(event) => set(tier.key, { from: event.target.value })} />
          </label>
          <label className="grid gap-1 text-xs">
            <span>{t("tierPrice")}</span>
            <Input type="number" min={0} step="0.000001" inputMode="decimal" value={tier.price} onChange={(event) => set(tier.key, { price: event.target.value })} />
          </label>
          <Button size="icon" variant="ghost" aria-label={t("tierRemove", { number: index + 1 })} onClick={() => onChange(tiers.filter((one) => one.key !== tier.key))}><X aria-hidden /></Button>
        </div>
      ))}
      {tiers.some((_, index) => isLow(tiers, index)) ? <p role="alert" className="text-xs text-bad">{t("tiersRise")}</p> : null}
      {tiers.length < MOST_TIERS ? <Button size="sm" className="justify-self-start" onClick={() => onChange([...tiers, { key: next, from: "", price: "" }])}><Plus aria-hidden />{t("tierAdd")}</Button> : null}
    </fieldset>
  );
}
