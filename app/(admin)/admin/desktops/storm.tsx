"use client";

import { useTranslations } from "next-intl";
import { BarChart } from "@/app/_components/charts/bar-chart";
import { Card, CardBody, CardHead } from "@/app/_components/ui/card";
import { useFormats } from "@/app/_i18n/use-formats";
import type { Overview } from "./types";

const MINUTES = 60;
const MINUTE_MS = 60_000;

/** Who waits now, what may start and what starts, and how the last hour went minute by minute. */
export function Storm({ overview }: { readonly overview: Overview }) {
  const t = useTranslations("admin.desktops");
  const formats = useFormats();
  const { storm, asOf } = overview;
  const last = Math.floor(asOf.getTime() / MINUTE_MS) * MINUTE_MS;
  const minutes = Array.from({ length: MINUTES }, (_, index) => last - (MINUTES - 1 - index) * MINUTE_MS);
  const bars = (name: "asked" | "ready") => minutes.map((at) => ({ label: formats.time(new Date(at)), value: storm.minutes.find(({ minute }) => minute.getTime() === at)?.[name] ?? 0 }));
  return (
    <Card>
      <CardHead title={t("storm")} description={t("stormText")} />
      <CardBody className="grid gap-5">
        <dl className="flex flex-wrap gap-x-8 gap-y-3">
          {(["queued", "waiting", "admitted"] as const).map((name) => (
            <div key={name}>
              <dt className="text-xs text-muted">{t(`stormFigures.${name}`)}</dt>
              <dd className="numeric text-lg font-semibold">{formats.number(storm[name])}</dd>
            </div>
          ))}
        </dl>
        <div className="grid gap-5 sm:grid-cols-2">
          <BarChart title={t("asked")} empty={t("noLogOns")} formatValue={(value) => formats.number(value)} bars={bars("asked")} />
          <BarChart title={t("opened")} empty={t("noLogOns")} formatValue={(value) => formats.number(value)} bars={bars("ready")} />
        </div>
      </CardBody>
    </Card>
  );
}
