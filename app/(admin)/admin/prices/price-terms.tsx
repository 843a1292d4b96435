"use client";

import { useTranslations } from "next-intl";
import type { RouterOutputs } from "@/server/api/root";
import { useFormats } from "@/app/_i18n/use-formats";

/** What goes with a price beyond the price itself, in one line; nothing where it is plain. */
export function PriceTerms({ price }: { readonly price: RouterOutputs["admin"]["catalog"]["prices"][number] }) {
  const t = useTranslations("adminMoney.prices.terms");
  const formats = useFormats();
  const parts = [
    price.monthlyCapMicros === null ? null : t("cap", { amount: formats.money(price.monthlyCapMicros, price.currency) }),
    price.incrementSeconds > 1 ? t("increment", { duration: formats.duration(price.incrementSeconds * 1000) }) : null,
    price.minimumSeconds > 0 ? t("minimum", { duration: formats.duration(price.minimumSeconds * 1000) }) : null,
    price.minimumMicros > 0 ? t("minimumAmount", { amount: formats.money(price.minimumMicros, price.currency) }) : null,
    price.includedUnitHours > 0 ? t("included", { hours: formats.number(price.includedUnitHours) }) : null,
    ...price.tiers.map((tier) => t("tier", { price: formats.perHour(tier.microsPerHour, price.currency), hours: formats.number(tier.fromUnitHours) })),
    price.movableDiscountBasisPoints > 0 ? t("movable", { percent: formats.number(price.movableDiscountBasisPoints / 100) }) : null,
    price.taxCategory === "standard" ? null : t(price.taxCategory),
  ].filter((part) => part !== null);
  return parts.length > 0 ? <span className="block text-xs text-muted">{parts.join(" · ")}</span> : null;
}
