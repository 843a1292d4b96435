"use client";

import { useQuery } from "@tanstack/react-query";
import { useTranslations } from "next-intl";
import type { RouterOutputs } from "@/server/api/root";
import { Loaded } from "@/app/_components/loaded";
import { useOrganization } from "@/app/_components/shell/viewer";
import { Moment } from "@/app/_components/time-ago";
import { Card, CardBody, CardHead } from "@/app/_components/ui/card";
import { MeterBar } from "@/app/_components/ui/meter-bar";
import { Notice } from "@/app/_components/ui/notice";
import { useFormats } from "@/app/_i18n/use-formats";
import { useTRPC } from "@/app/_trpc/client";
import { BillingFrame } from "../billing-frame";
import { BudgetForm } from "./budget-form";

type View = RouterOutputs["billing"]["budget"];

export function BudgetPage() {
  const { slug: organization } = useOrganization();
  const trpc = useTRPC();
  const query = useQuery(trpc.billing.budget.queryOptions({ organization }));
  const draft = useQuery(trpc.billing.draft.queryOptions({ organization }));
  return (
    <BillingFrame tab="budget">
      <Loaded query={query}>
        {(view) => (
          <Loaded query={draft}>
            {({ currency, subtotalMinor, periodStart }) => (
              <div className="grid items-start gap-4 lg:grid-cols-[minmax(0,3fr)_minmax(0,2fr)]">
                <BudgetForm key={`${view.budget?.amountMinor} ${view.budget?.hardCap} ${view.budget?.thresholdsPercent.join()}`} budget={view.budget} currency={currency} spentMinor={subtotalMinor} />
                <div className="grid gap-4">
                  <Spent view={view} currency={currency} spentMinor={subtotalMinor} />
                  <Alerts view={view} currency={currency} periodStart={periodStart} />
                </div>
              </div>
            )}
          </Loaded>
        )}
      </Loaded>
    </BillingFrame>
  );
}

function Spent({ view: { budget, cap }, currency, spentMinor }: { readonly view: View; readonly currency: string; readonly spentMinor: number }) {
  const t = useTranslations("money.budget");
  const formats = useFormats();
  const share = budget ? spentMinor / budget.amountMinor : null;
  return (
    <Card>
      <CardHead title={t("spent")} description={t("spentText")} />
      <CardBody className="grid gap-3">
        {budget && share !== null ? (
          <>
            <MeterBar label={formats.percent(share)} value={t("of", { spent: formats.moneyMinor(spentMinor, currency), amount: formats.moneyMinor(budget.amountMinor, currency) })} used={spentMinor} limit={budget.amountMinor} />
            {cap ? <p className="text-xs text-muted">{t("reserved", { amount: formats.money(cap.reservedMicros, currency) })}</p> : null}
            {budget.hardCap && share >= 1 ? <Notice kind="bad" title={t("capReached")}>{t("capReachedText")}</Notice> : null}
          </>
        ) : (
          <p className="numeric">{formats.moneyMinor(spentMinor, currency)}<span className="block text-xs text-muted">{t("none")}</span></p>
        )}
      </CardBody>
    </Card>
  );
}

function Alerts({ view, currency, periodStart }: { readonly view: View; readonly currency: string; readonly periodStart: Date }) {
  const t = useTranslations("money.budget");
  const formats = useFormats();
  if (view.alerts.length === 0) return null;
  return (
    <Card>
      <CardHead title={t("alerts")} />
      <ul className="divide-y">
        {view.alerts.map((alert) => (
          <li key={`${alert.periodStart.toISOString()} ${alert.thresholdPercent}`} className="flex flex-wrap justify-between gap-2 px-4 py-2">
            <span className={alert.periodStart.getTime() === periodStart.getTime() ? "font-medium" : "text-muted"}>{t("alert", { percent: formats.number(alert.thresholdPercent), amount: formats.moneyMinor(alert.spentMinor, currency) })}</span>
            <Moment at={alert.createdAt} className="numeric text-xs text-muted" />
          </li>
        ))}
      </ul>
    </Card>
  );
}
