"use client";

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useLocale, useTranslations } from "next-intl";
import type { RouterInputs } from "@/server/api/root";
import { cn } from "@/app/_components/ui/cn";
import { Notice } from "@/app/_components/ui/notice";
import { Skeleton } from "@/app/_components/ui/skeleton";
import { useFormats } from "@/app/_i18n/use-formats";
import { useTRPC } from "@/app/_trpc/client";
import { useProblemText } from "@/app/_trpc/use-problem-text";

interface PricePreviewProps {
  readonly currency: string;
  readonly price: RouterInputs["admin"]["billing"]["previewPrices"]["prices"][number];
}

const MOST_ROWS = 5;

/** What the price would have made of everybody's last month, before anybody presses the button. */
export function PricePreview({ currency, price }: PricePreviewProps) {
  const t = useTranslations("adminMoney.prices");
  const formats = useFormats();
  const trpc = useTRPC();
  const problem = useProblemText();
  const locale = useLocale();
  const query = useQuery(trpc.admin.billing.previewPrices.queryOptions({ currency, prices: [price] }, { placeholderData: keepPreviousData }));
  const standings = useQuery(trpc.admin.payments.standings.queryOptions());
  if (query.error) return <Notice kind="warn">{problem(query.error)}</Notice>;
  if (!query.data) return <Skeleton className="h-24" />;
  const { from, beforeMinor, afterMinor, organizations, unpriced } = query.data;
  const nameOf = new Map(standings.data?.map((one) => [one.organizationId, one.name]));
  // The preview rates a calendar month of UTC, whatever the reader's zone.
  const month = new Intl.DateTimeFormat(locale, { timeZone: "UTC", year: "numeric", month: "long" });
  const changed = organizations.filter((one) => one.afterMinor !== one.beforeMinor);
  return (
    <section aria-label={t("preview")} aria-live="polite" className={cn("grid gap-2 rounded-md border p-3", query.isPlaceholderData && "opacity-60")}>
      <p className="text-xs text-muted">{t("previewText", { month: month.format(from) })}</p>
      <p className="numeric flex flex-wrap items-baseline gap-x-2 text-base">
        <span className="text-muted">{formats.moneyMinor(beforeMinor, currency)}</span>→<strong>{formats.moneyMinor(afterMinor, currency)}</strong>
        <Change before={beforeMinor} after={afterMinor} currency={currency} />
      </p>
      {changed.length === 0 ? <p className="text-xs text-muted">{t("noEffect")}</p> : <p className="text-xs text-muted">{t("affected", { count: changed.length })}</p>}
      <ul className="grid gap-1">
        {changed.slice(0, MOST_ROWS).map((one) => (
          <li key={one.organizationId} className="flex flex-wrap justify-between gap-x-4">
            <span>{nameOf.get(one.organizationId) ?? one.organizationId}</span>
            <span className="numeric">{`${formats.moneyMinor(one.beforeMinor, currency)} → ${formats.moneyMinor(one.afterMinor, currency)}`}</span>
          </li>
        ))}
      </ul>
      {unpriced > 0 ? <Notice kind="warn">{t("unpriced", { count: unpriced })}</Notice> : null}
    </section>
  );
}

function Change({ before, after, currency }: { readonly before: number; readonly after: number; readonly currency: string }) {
  const formats = useFormats();
  if (before === after) return null;
  const sign = after > before ? "+" : "−";
  return <span className={cn("text-xs", after > before ? "text-warn" : "text-good")}>{`${sign}${formats.moneyMinor(Math.abs(after - before), currency)}${before > 0 ? ` (${sign}${formats.percent(Math.abs(after / before - 1))})` : ""}`}</span>;
}
