"use client";

import { useTranslations } from "next-intl";
import Link from "next/link";
import type { RouterOutputs } from "@/server/api/root";
import { useOrganization } from "@/app/_components/shell/viewer";
import { Moment } from "@/app/_components/time-ago";
import { Badge } from "@/app/_components/ui/badge";
import { Card, CardHead } from "@/app/_components/ui/card";
import { Notice } from "@/app/_components/ui/notice";
import { Table, Td, Th, Tr } from "@/app/_components/ui/table";
import { useDeclineText } from "@/app/_components/use-decline-text";
import { useFormats } from "@/app/_i18n/use-formats";

/** Every attempt to take money, with what came of it; a refused one says why. */
export function PaymentTable({ overview }: { readonly overview: RouterOutputs["billing"]["payment"]["overview"] }) {
  const t = useTranslations("money.payment");
  const invoices = useTranslations("money.invoices");
  const ledger = useTranslations("money.ledger");
  const words = useTranslations("billing");
  const common = useTranslations("common");
  const formats = useFormats();
  const decline = useDeclineText();
  const { slug } = useOrganization();
  return (
    <Card>
      <CardHead title={t("payments")} description={t("paymentsText")} />
      {overview.disputes.map((dispute) => (
        <Notice key={dispute.id} kind="warn" title={t("dispute", { amount: formats.moneyMinor(dispute.amountMinor, dispute.currency) })} className="m-4 mb-0">{t("disputeText", { reason: dispute.reason, status: dispute.status })}</Notice>
      ))}
      {overview.payments.length === 0 ? (
        <p className="px-4 py-6 text-muted">{t("noPayments")}</p>
      ) : (
        <Table label={t("payments")}>
          <thead><tr><Th>{ledger("at")}</Th><Th>{common("status")}</Th><Th className="hidden sm:table-cell">{t("method")}</Th><Th className="hidden md:table-cell">{invoices("one")}</Th><Th right>{words("amount")}</Th></tr></thead>
          <tbody>
            {overview.payments.map((payment) => (
              <Tr key={payment.id}>
                <Td className="whitespace-nowrap"><Moment at={payment.at} /></Td>
                <Td><Badge dot tone={payment.status === "succeeded" ? "good" : "bad"}>{t(`status.${payment.status}`)}</Badge>{decline(payment) ? <span className="mt-0.5 block text-xs text-muted">{decline(payment)}</span> : null}</Td>
                <Td className="hidden capitalize sm:table-cell">{payment.method ?? "–"}</Td>
                <Td className="hidden md:table-cell">{payment.invoiceId ? <Link href={`/o/${slug}/billing/invoices/${payment.invoiceId}`} className="hover:underline">{t("toInvoice")}</Link> : t("inAdvance")}</Td>
                <Td right>{formats.moneyMinor(payment.amountMinor, payment.currency)}</Td>
              </Tr>
            ))}
          </tbody>
        </Table>
      )}
    </Card>
  );
}
