"use client";

import { useQuery } from "@tanstack/react-query";
import { Download, Receipt } from "lucide-react";
import { useTranslations } from "next-intl";
import type { RouterOutputs } from "@/server/api/root";
import { Loaded } from "@/app/_components/loaded";
import { saveFile, toCsv } from "@/app/_components/save-file";
import { useOrganization } from "@/app/_components/shell/viewer";
import { Moment } from "@/app/_components/time-ago";
import { Button } from "@/app/_components/ui/button";
import { Card, CardBody, CardHead } from "@/app/_components/ui/card";
import { EmptyState } from "@/app/_components/ui/empty-state";
import { Notice } from "@/app/_components/ui/notice";
import { useFormats } from "@/app/_i18n/use-formats";
import { useTRPC } from "@/app/_trpc/client";
import { BillLines } from "@/app/_components/bill-lines";
import { BillingFrame } from "./billing-frame";
import { DraftLineWindows } from "./line-windows";

type Draft = RouterOutputs["billing"]["draft"];
const HOUR_MS = 3_600_000;
const MICROS = 1_000_000;

export function BillingDraft() {
  const t = useTranslations("billing");
  const formats = useFormats();
  const { slug: organization } = useOrganization();
  const trpc = useTRPC();
  const query = useQuery(trpc.billing.draft.queryOptions({ organization }));
  return (
    <BillingFrame tab="draft">
      <Loaded query={query}>
        {(draft) => (
          <div className="grid gap-4">
            <Card>
              <CardBody className="flex flex-wrap items-end justify-between gap-x-8 gap-y-4">
                <div className="grid gap-1">
                  <p className="text-xs text-muted">{t("soFar")}</p>
                  <p className="numeric text-2xl font-semibold tracking-tight">{formats.moneyMinor(draft.totalMinor, draft.currency)}</p>
                </div>
                <dl className="grid gap-x-8 gap-y-1 sm:grid-cols-2 sm:text-right">
                  <div className="grid"><dt className="text-xs text-muted">{t("period")}</dt><dd>{`${formats.date(draft.periodStart)} – ${formats.date(new Date(draft.periodEnd.getTime() - 1))}`}</dd></div>
                  <div className="grid"><dt className="text-xs text-muted">{t("asOf")}</dt><dd><Moment at={draft.asOf} /></dd></div>
                </dl>
              </CardBody>
            </Card>
            {draft.unpricedWindows > 0 ? <Notice kind="warn" title={t("unpriced", { count: draft.unpricedWindows })}>{t("unpricedText")}</Notice> : null}
            <Card>
              <CardHead title={t("lines")} description={t("linesText")} actions={draft.lines.length > 0 ? <SaveLines draft={draft} /> : null} />
              {draft.lines.length === 0 ? (
                <EmptyState icon={Receipt} title={t("empty")}>{t("emptyText")}</EmptyState>
              ) : (
                <BillLines {...draft} lines={draft.lines.map((line) => ({ ...line, id: line.key, name: line.instanceName ?? line.instanceId ?? line.label ?? "" }))}>
                  {(key) => <DraftLineWindows lineKey={key} />}
                </BillLines>
              )}
            </Card>
          </div>
        )}
      </Loaded>
    </BillingFrame>
  );
}

/** The lines exactly as the page shows them, in a file. */
function SaveLines({ draft }: { readonly draft: Draft }) {
  const t = useTranslations("billing");
  const money = useTranslations("money.files");
  const { slug } = useOrganization();
  const save = (): void => {
    const rows = draft.lines.map((line) => [line.key, line.kind, line.meter, line.instanceName ?? line.instanceId ?? line.label, line.flavorName ?? line.storageClass, line.quantityUnitMs / HOUR_MS, line.microsPerHour === null ? null : line.microsPerHour / MICROS, line.amountMicros / MICROS, draft.currency, line.taxRateBasisPoints / 100, line.priceVersionId]);
    const head = ["key", "kind", "meter", "name", "type", "unit_hours", "price_per_hour", "amount", "currency", "tax_percent", "price_version"];
    saveFile(`${slug}-${draft.periodStart.toISOString().slice(0, 10)}-draft.csv`, "text/csv;charset=utf-8", toCsv([head, ...rows]));
  };
  return <Button size="sm" onClick={save} title={t("lines")}><Download aria-hidden />{money("csv")}</Button>;
}
