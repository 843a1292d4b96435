"use client";

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { ChevronLeft, ChevronRight, Download } from "lucide-react";
import { useTranslations } from "next-intl";
import { useState } from "react";
import type { RouterOutputs } from "@/server/api/root";
import { BarChart } from "@/app/_components/charts/bar-chart";
import { Loaded } from "@/app/_components/loaded";
import { saveFile, toCsv } from "@/app/_components/save-file";
import { useOrganization } from "@/app/_components/shell/viewer";
import { Button } from "@/app/_components/ui/button";
import { Card, CardBody, CardHead } from "@/app/_components/ui/card";
import { cn } from "@/app/_components/ui/cn";
import { useFormats } from "@/app/_i18n/use-formats";
import { useTRPC } from "@/app/_trpc/client";

type Breakdown = RouterOutputs["billing"]["breakdown"];
const HOUR_MS = 3_600_000;
const MICROS = 1_000_000;
const MOST_ROWS = 12;

/** Every calendar day of the period, as the rows name them: also those on which nothing was used. */
function daysOf({ periodStart, periodEnd, timeZone }: Breakdown): string[] {
  const day = new Intl.DateTimeFormat("en-CA", { timeZone });
  const days = new Set<string>();
  for (let at = periodStart.getTime(); at < periodEnd.getTime(); at += 12 * HOUR_MS) days.add(day.format(at));
  return [...days];
}

/** What the use of a month comes to at list price, by day and by machine; a machine that is chosen is drawn alone. */
export function UsageCost() {
  const t = useTranslations("money.usage");
  const formats = useFormats();
  const { slug: organization } = useOrganization();
  const trpc = useTRPC();
  const [at, setAt] = useState<Date | null>(null);
  const [chosen, setChosen] = useState<string | null>(null);
  const query = useQuery(trpc.billing.breakdown.queryOptions({ organization, ...(at ? { at } : {}) }, { placeholderData: keepPreviousData }));
  return (
    <Card>
      <CardHead title={t("title")} description={t("text")} actions={query.data ? <Month breakdown={query.data} latest={at === null} onChange={setAt} /> : null} />
      <CardBody>
        <Loaded query={query}>
          {(breakdown) => {
            const known = breakdown.instances.some((one) => one.instanceId === chosen) ? chosen : null;
            const rows = breakdown.days.filter((row) => known === null || row.instanceId === known);
            const sums = new Map<string, number>();
            for (const row of rows) sums.set(row.day, (sums.get(row.day) ?? 0) + row.amountMicros);
            return (
              <div className="grid gap-6 lg:grid-cols-[minmax(0,2fr)_minmax(0,1fr)]">
                <BarChart wide title={t("perDay")} empty={t("none")} formatValue={(value) => formats.money(value, breakdown.currency)} bars={daysOf(breakdown).map((day) => ({ label: day, value: sums.get(day) ?? 0 }))} />
                <Resources breakdown={breakdown} chosen={known} onChoose={setChosen} />
              </div>
            );
          }}
        </Loaded>
      </CardBody>
    </Card>
  );
}

function Month({ breakdown, latest, onChange }: { readonly breakdown: Breakdown; readonly latest: boolean; readonly onChange: (at: Date | null) => void }) {
  const t = useTranslations("money.usage");
  const files = useTranslations("money.files");
  const formats = useFormats();
  const { slug } = useOrganization();
  const save = (): void => {
    const rows = breakdown.days.map((row) => [row.day, row.meter, row.instanceName, row.instanceId, row.resourceId, row.unitMs / HOUR_MS, row.amountMicros / MICROS, breakdown.currency]);
    saveFile(`${slug}-usage-${daysOf(breakdown)[0]?.slice(0, 7) ?? ""}.csv`, "text/csv;charset=utf-8", toCsv([["day", "meter", "instance", "instance_id", "resource_id", "unit_hours", "amount", "currency"], ...rows]));
  };
  return (
    <>
      <Button variant="ghost" size="iconSm" aria-label={t("earlier")} onClick={() => onChange(new Date(breakdown.periodStart.getTime() - 1))}><ChevronLeft aria-hidden /></Button>
      <span className="numeric text-xs">{`${formats.date(breakdown.periodStart)} – ${formats.date(new Date(breakdown.periodEnd.getTime() - 1))}`}</span>
      <Button variant="ghost" size="iconSm" aria-label={t("later")} disabled={latest} onClick={() => onChange(breakdown.periodEnd.getTime() + 32 * 24 * HOUR_MS > Date.now() ? null : breakdown.periodEnd)}><ChevronRight aria-hidden /></Button>
      <Button size="sm" disabled={breakdown.days.length === 0} onClick={save}><Download aria-hidden />{files("csv")}</Button>
    </>
  );
}

function Resources({ breakdown, chosen, onChoose }: { readonly breakdown: Breakdown; readonly chosen: string | null; readonly onChoose: (instanceId: string | null) => void }) {
  const t = useTranslations("money.usage");
  const formats = useFormats();
  const top = Math.max(1, ...breakdown.instances.map((one) => one.amountMicros));
  if (breakdown.instances.length === 0) return null;
  return (
    <div className="grid content-start gap-1.5">
      <p className="flex items-baseline justify-between font-medium">
        {t("perResource")}
        {chosen ? <Button variant="link" onClick={() => onChoose(null)}>{t("all")}</Button> : null}
      </p>
      {breakdown.instances.slice(0, MOST_ROWS).map((one) => (
        <button key={one.instanceId} type="button" aria-pressed={chosen === one.instanceId} onClick={() => onChoose(chosen === one.instanceId ? null : one.instanceId)} className={cn("relative flex justify-between gap-3 overflow-hidden rounded px-2 py-1 text-left hover:ring-1 hover:ring-line-strong", chosen === one.instanceId && "ring-1 ring-accent")}>
          <span aria-hidden className="absolute inset-y-0 left-0 bg-accent-soft" style={{ width: `${(one.amountMicros / top) * 100}%` }} />
          <span className="relative truncate">{one.instanceName ?? one.instanceId}</span>
          <span className="numeric relative">{formats.money(one.amountMicros, breakdown.currency)}</span>
        </button>
      ))}
      {breakdown.instances.length > MOST_ROWS ? <p className="text-xs text-muted">{t("moreResources", { count: breakdown.instances.length - MOST_ROWS })}</p> : null}
    </div>
  );
}
