"use client";

import { useTranslations } from "next-intl";
import type { ReactNode } from "react";
import type { RouterOutputs } from "@/server/api/root";
import { Card, CardBody, CardHead } from "@/app/_components/ui/card";
import { Notice } from "@/app/_components/ui/notice";
import { useFormats } from "@/app/_i18n/use-formats";
import { useProblemText } from "@/app/_trpc/use-problem-text";
import type { PoolValues } from "../pool-fields";

interface PriceProps {
  readonly flavor: RouterOutputs["catalog"]["flavors"][number] | null;
  readonly prices: RouterOutputs["catalog"]["prices"] | null;
  readonly values: PoolValues;
  readonly error: unknown;
  readonly children: ReactNode;
}

/** What one desktop costs running and asleep, and the whole pool at its least and most, from the catalog of today. */
export function PoolPrice({ flavor, prices, values, error, children }: PriceProps) {
  const t = useTranslations("desktopPools.price");
  const { perHour, perMonth } = useFormats();
  const problem = useProblemText();
  const storage = prices?.storageGiBMicrosPerHour ?? null;
  const hour = flavor?.microsPerHour ?? null;
  const figures =
    flavor && storage !== null && hour !== null
      ? (() => {
          const disk = storage * flavor.diskGiB + (prices?.addressMicrosPerHour ?? 0);
          return { running: hour + disk, asleep: disk };
        })()
      : null;
  const count = (value: number): number => (Number.isNaN(value) ? 0 : value);
  return (
    <aside className="lg:sticky lg:top-6">
      <Card>
        <CardHead title={t("title")} />
        <CardBody className="grid gap-4">
          <div aria-live="polite" className="grid gap-3">
            {flavor && figures ? (
              <>
                <div>
                  <p className="text-xs text-muted">{t("maximum", { count: count(values.maximum) })}</p>
                  <p className="numeric text-xl font-semibold tracking-tight">{perHour(figures.running * count(values.maximum), flavor.currency)}</p>
                  <p className="numeric text-muted">{perMonth(figures.running * count(values.maximum), flavor.currency)}</p>
                </div>
                <ul className="grid gap-1 text-xs text-muted">
                  <Line label={t("one")} value={perHour(figures.running, flavor.currency)} />
                  <Line label={t("oneAsleep")} value={perHour(figures.asleep, flavor.currency)} />
                  <Line label={t("readyNow", { count: count(values.minimumReady) })} value={perHour(figures.running * count(values.minimumReady), flavor.currency)} />
                </ul>
                <p className="text-xs text-muted">{t("note")}</p>
              </>
            ) : (
              <p className="text-muted">{t(flavor ? "noPrice" : "choose")}</p>
            )}
          </div>
          {error ? <Notice kind="bad">{problem(error)}</Notice> : null}
          {children}
        </CardBody>
      </Card>
    </aside>
  );
}

function Line({ label, value }: { readonly label: string; readonly value: string }) {
  return (
    <li className="flex justify-between gap-2">
      <span>{label}</span>
      <span className="numeric">{value}</span>
    </li>
  );
}
