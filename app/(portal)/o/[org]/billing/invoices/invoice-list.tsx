"use client";

import { useQuery } from "@tanstack/react-query";
import { FileText } from "lucide-react";
import { useTranslations } from "next-intl";
import Link from "next/link";
import { Loaded } from "@/app/_components/loaded";
import { useOrganization } from "@/app/_components/shell/viewer";
import { Card, CardHead } from "@/app/_components/ui/card";
import { EmptyState } from "@/app/_components/ui/empty-state";
import { Table, Td, Th, Tr } from "@/app/_components/ui/table";
import { useFormats } from "@/app/_i18n/use-formats";
import { useTRPC } from "@/app/_trpc/client";
import { BillingFrame } from "../billing-frame";
import { InvoiceFiles } from "@/app/_components/invoice-files";
import { InvoiceStatus } from "@/app/_components/invoice-status";

export function InvoiceList() {
  const t = useTranslations("money.invoices");
  const common = useTranslations("common");
  const words = useTranslations("billing");
  const formats = useFormats();
  const { slug: organization } = useOrganization();
  const trpc = useTRPC();
  const query = useQuery(trpc.billing.invoices.queryOptions({ organization }));
  return (
    <BillingFrame tab="invoices">
      <Card>
        <CardHead title={t("title")} description={t("text")} />
        <Loaded query={query}>
          {(invoices) =>
            invoices.length === 0 ? (
              <EmptyState icon={FileText} title={t("empty")}>{t("emptyText")}</EmptyState>
            ) : (
              <Table label={t("title")}>
                <thead><tr><Th>{t("number")}</Th><Th className="hidden lg:table-cell">{words("period")}</Th><Th className="hidden md:table-cell">{t("due")}</Th><Th>{common("status")}</Th><Th right>{words("total")}</Th><Th right className="hidden sm:table-cell">{t("open")}</Th><Th right className="hidden md:table-cell">{t("files")}</Th></tr></thead>
                <tbody>
                  {invoices.map((invoice) => (
                    <Tr key={invoice.id}>
                      <Td><Link href={`/o/${organization}/billing/invoices/${invoice.id}`} className="font-medium hover:text-accent hover:underline">{invoice.number}</Link><span className="block text-xs text-muted">{t("issuedAt", { at: formats.date(invoice.issuedAt) })}</span></Td>
                      <Td className="hidden whitespace-nowrap lg:table-cell">{`${formats.date(invoice.periodStart)} – ${formats.date(new Date(invoice.periodEnd.getTime() - 1))}`}</Td>
                      <Td className="hidden whitespace-nowrap md:table-cell">{invoice.dueAt ? formats.date(invoice.dueAt) : "–"}</Td>
                      <Td><InvoiceStatus status={invoice.status} dueAt={invoice.dueAt} /></Td>
                      <Td right>{formats.moneyMinor(invoice.totalMinor, invoice.currency)}</Td>
                      <Td right className="hidden sm:table-cell">{formats.moneyMinor(invoice.openMinor, invoice.currency)}</Td>
                      <Td right className="hidden md:table-cell"><InvoiceFiles invoiceId={invoice.id} number={invoice.number ?? invoice.id} small /></Td>
                    </Tr>
                  ))}
                </tbody>
              </Table>
            )
          }
        </Loaded>
      </Card>
    </BillingFrame>
  );
}
