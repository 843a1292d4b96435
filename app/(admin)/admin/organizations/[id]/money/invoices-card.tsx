"use client";

import { FileText } from "lucide-react";
import { useTranslations } from "next-intl";
import Link from "next/link";
import { Card, CardHead } from "@/app/_components/ui/card";
import { EmptyState } from "@/app/_components/ui/empty-state";
import { Table, Td, Th, Tr } from "@/app/_components/ui/table";
import { InvoiceStatus } from "@/app/_components/invoice-status";
import { useFormats } from "@/app/_i18n/use-formats";
import type { Money } from "./types";

/** Every invoice, also those that are held back or void; each opens to its lines and corrections. */
export function InvoicesCard({ invoices }: Pick<Money, "invoices">) {
  const t = useTranslations("adminMoney.organization");
  const words = useTranslations("billing");
  const own = useTranslations("money.invoices");
  const common = useTranslations("common");
  const formats = useFormats();
  return (
    <Card>
      <CardHead title={own("title")} description={t("invoicesText")} />
      {invoices.length === 0 ? (
        <EmptyState icon={FileText} title={own("empty")}>{t("noInvoices")}</EmptyState>
      ) : (
        <Table label={own("title")}>
          <thead><tr><Th>{own("number")}</Th><Th className="hidden sm:table-cell">{words("period")}</Th><Th>{common("status")}</Th><Th right>{own("open")}</Th><Th right>{words("total")}</Th></tr></thead>
          <tbody>
            {invoices.map((invoice) => (
              <Tr key={invoice.id}>
                <Td><Link href={`/admin/billing/invoices/${invoice.id}`} className="font-medium hover:text-accent hover:underline">{invoice.number ?? t("noNumber")}</Link><span className="block text-xs text-muted">{own("issuedAt", { at: formats.date(invoice.issuedAt) })}</span></Td>
                <Td className="hidden whitespace-nowrap sm:table-cell">{invoice.kind === "manual" ? t("byHand") : `${formats.date(invoice.periodStart)} – ${formats.date(new Date(invoice.periodEnd.getTime() - 1))}`}</Td>
                <Td><InvoiceStatus status={invoice.status} dueAt={invoice.dueAt} /></Td>
                <Td right className={invoice.openMinor > 0 ? "" : "text-muted"}>{formats.moneyMinor(invoice.openMinor, invoice.currency)}</Td>
                <Td right>{formats.moneyMinor(invoice.totalMinor, invoice.currency)}</Td>
              </Tr>
            ))}
          </tbody>
        </Table>
      )}
    </Card>
  );
}
