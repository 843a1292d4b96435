"use client";

import { useQuery } from "@tanstack/react-query";
import { ChevronRight, Receipt } from "lucide-react";
import { useTranslations } from "next-intl";
import { Fragment, useState } from "react";
import type { RouterOutputs } from "@/server/api/root";
import { Loaded } from "@/app/_components/loaded";
import { PageHead } from "@/app/_components/page-head";
import { useOrganization } from "@/app/_components/shell/viewer";
import { Moment } from "@/app/_components/time-ago";
import { Card, CardBody, CardHead } from "@/app/_components/ui/card";
import { cn } from "@/app/_components/ui/cn";
import { EmptyState } from "@/app/_components/ui/empty-state";
import { Notice } from "@/app/_components/ui/notice";
import { Table, Td, Th } from "@/app/_components/ui/table";
import { useFormats } from "@/app/_i18n/use-formats";
import { useTRPC } from "@/app/_trpc/client";
import { LineWindows } from "./line-windows";

type Draft = RouterOutputs["billing"]["draft"];
const HOUR_MS = 3_600_000;

export function BillingDraft() {
  const t = useTranslations("billing");
  const nav = useTranslations("nav");
  const formats = useFormats();
  const { slug: organization } = useOrganization();
  const trpc = useTRPC();
  const query = useQuery(trpc.billing.draft.queryOptions({ organization }));
  return (
    <>
      <PageHead title={nav("billing")} description={t("description")} />
      <Loaded query={query}>
        {(draft) => (
          <div className="grid gap-4">
            <Card>
              <CardBody className="flex flex-wrap items-end justify-between gap-x-8 gap-y-4">
                <div className="grid gap-1">
                  <p className="text-xs text-muted">{t("soFar")}</p>
                  <p className="numeric text-2xl font-semibold tracking-tight">{formats.moneyMinor(draft.totalMinor, draft.currency)}</p>
                </div>
                <dl className="grid gap-x-8 gap-y-1 text-right sm:grid-cols-2">
                  <div className="grid"><dt className="text-xs text-muted">{t("period")}</dt><dd>{`${formats.date(draft.periodStart)} – ${formats.date(new Date(draft.periodEnd.getTime() - 1))}`}</dd></div>
                  <div className="grid"><dt className="text-xs text-muted">{t("asOf")}</dt><dd><Moment at={draft.asOf} /></dd></div>
                </dl>
              </CardBody>
            </Card>
            {draft.unpricedWindows > 0 ? <Notice kind="warn" title={t("unpriced", { count: draft.unpricedWindows })}>{t("unpricedText")}</Notice> : null}
            <Card>
              <CardHead title={t("lines")} description={t("linesText")} />
              {draft.lines.length === 0 ? <EmptyState icon={Receipt} title={t("empty")}>{t("emptyText")}</EmptyState> : <Lines draft={draft} />}
            </Card>
          </div>
        )}
      </Loaded>
    </>
  );
}

function Lines({ draft }: { readonly draft: Draft }) {
  const t = useTranslations("billing");
  const formats = useFormats();
  const [open, setOpen] = useState<string | null>(null);
  return (
    <Table label={t("lines")}>
      <thead>
        <tr>
          <Th>{t("what")}</Th>
          <Th right>{t("quantity")}</Th>
          <Th right className="hidden sm:table-cell">{t("unitPrice")}</Th>
          <Th right>{t("amount")}</Th>
        </tr>
      </thead>
      <tbody>
        {draft.lines.map((line) => {
          const expanded = open === line.key;
          const hours = formats.number(line.quantityUnitMs / HOUR_MS, 3);
          return (
            <Fragment key={line.key}>
              <tr className="hover:bg-raised/40">
                <Td>
                  <button type="button" aria-expanded={expanded} onClick={() => setOpen(expanded ? null : line.key)} className="-m-1 flex items-center gap-2 rounded p-1 text-left">
                    <ChevronRight aria-hidden className={cn("size-4 shrink-0 text-muted transition-transform", expanded && "rotate-90")} />
                    <span>
                      <span className="font-medium">{line.kind === "usage" ? (line.instanceName ?? line.instanceId) : t(`kinds.${line.kind}`, { label: line.label ?? "" })}</span>
                      <span className="block text-xs text-muted">{line.meter ? t(`meters.${line.meter}`, { flavor: line.flavorName ?? "" }) : null}{line.kind === "usage" ? ` · ${t("windowCount", { count: line.windowCount })}` : null}</span>
                    </span>
                  </button>
                </Td>
                <Td right>{line.quantityUnitMs > 0 ? t(line.meter === "storage" ? "gibHours" : "hours", { value: hours }) : null}</Td>
                <Td right className="hidden sm:table-cell">
                  {line.microsPerHour === null ? null : formats.perHour(line.microsPerHour, draft.currency)}
                  <span className="block font-mono text-tiny text-muted" title={t("priceVersion")}>{line.priceVersionId}</span>
                </Td>
                <Td right>{formats.money(line.amountMicros, draft.currency, true)}</Td>
              </tr>
              {expanded ? (
                <tr>
                  <td colSpan={4} className="border-b bg-raised/40 px-4 py-3">
                    <LineWindows lineKey={line.key} />
                  </td>
                </tr>
              ) : null}
            </Fragment>
          );
        })}
      </tbody>
      <tfoot>
        <Sum label={t("subtotal")} value={formats.money(draft.subtotalMicros, draft.currency, true)} />
        <Sum label={t("rounding")} value={formats.money(draft.roundingMicros, draft.currency, true)} />
        {draft.taxes.map((tax) => <Sum key={tax.rateBasisPoints} label={t("tax", { rate: formats.number(tax.rateBasisPoints / 100, 2) })} value={formats.moneyMinor(tax.taxMinor, draft.currency)} />)}
        <Sum label={t("total")} value={formats.moneyMinor(draft.totalMinor, draft.currency)} strong />
      </tfoot>
    </Table>
  );
}

function Sum({ label, value, strong }: { readonly label: string; readonly value: string; readonly strong?: boolean }) {
  return (
    <tr className={cn(strong ? "border-t font-semibold" : "text-muted")}>
      <td className="px-4 py-2 text-right" colSpan={2}>{label}</td>
      <td className="hidden sm:table-cell" />
      <td className="numeric px-4 py-2 text-right">{value}</td>
    </tr>
  );
}
