"use client";

import { useMutation } from "@tanstack/react-query";
import { CreditCard } from "lucide-react";
import { useTranslations } from "next-intl";
import { useState } from "react";
import { Confirm } from "@/app/_components/confirm";
import { useStaff } from "@/app/_components/shell/viewer";
import { Moment } from "@/app/_components/time-ago";
import { Badge } from "@/app/_components/ui/badge";
import { Button } from "@/app/_components/ui/button";
import { Card, CardHead } from "@/app/_components/ui/card";
import { EmptyState } from "@/app/_components/ui/empty-state";
import { Field, Input } from "@/app/_components/ui/field";
import { Table, Td, Th, Tr } from "@/app/_components/ui/table";
import { useDeclineText } from "@/app/_components/use-decline-text";
import { minorText, parseMinor } from "@/app/_i18n/minor";
import { useFormats } from "@/app/_i18n/use-formats";
import { useTRPC } from "@/app/_trpc/client";
import type { Money, Payment } from "./types";
import { useRefresh } from "./use-refresh";

/** What was taken and declined, what of it can be given back, and what was. */
export function PaymentsCard({ payments, refunds, invoices }: Pick<Money, "payments" | "refunds" | "invoices">) {
  const t = useTranslations("adminMoney.organization");
  const own = useTranslations("money.payment");
  const words = useTranslations("billing");
  const common = useTranslations("common");
  const formats = useFormats();
  const decline = useDeclineText();
  const staff = useStaff();
  const [asking, setAsking] = useState<Payment | null>(null);
  const numberOf = new Map(invoices.map((invoice) => [invoice.id, invoice.number]));
  return (
    <Card>
      <CardHead title={own("payments")} description={t("paymentsText")} />
      {payments.length === 0 ? (
        <EmptyState icon={CreditCard} title={t("noPayments")}>{t("noPaymentsText")}</EmptyState>
      ) : (
        <Table label={own("payments")}>
          <thead><tr><Th>{t("when")}</Th><Th>{common("status")}</Th><Th className="hidden sm:table-cell">{own("method")}</Th><Th>{t("for")}</Th><Th right>{words("amount")}</Th><Th right>{t("refund")}</Th></tr></thead>
          <tbody>
            {payments.map((payment) => {
              const given = refunds.filter((refund) => refund.paymentId === payment.id);
              return (
                <Tr key={payment.id}>
                  <Td className="whitespace-nowrap"><Moment at={payment.at} /></Td>
                  <Td><Badge dot tone={payment.status === "succeeded" ? "good" : "bad"}>{own(`status.${payment.status}`)}</Badge>{decline(payment) ? <span className="block text-xs text-muted">{decline(payment)}</span> : null}</Td>
                  <Td className="hidden capitalize sm:table-cell">{payment.method ?? "–"}</Td>
                  <Td className="whitespace-nowrap">{payment.invoiceId === null ? own("inAdvance") : (numberOf.get(payment.invoiceId) ?? payment.invoiceId)}</Td>
                  <Td right>
                    {formats.moneyMinor(payment.amountMinor, payment.currency)}
                    {given.map((refund) => <span key={refund.id} className="block text-xs text-muted" title={refund.reason}>{t("refunded", { amount: formats.moneyMinor(refund.amountMinor, refund.currency), state: t(`refundStates.${refund.status}`) })}</span>)}
                  </Td>
                  <Td right>{staff.may("support") && payment.refundableMinor > 0 ? <Button size="sm" onClick={() => setAsking(payment)}>{t("refund")}</Button> : <span className="text-muted">–</span>}</Td>
                </Tr>
              );
            })}
          </tbody>
        </Table>
      )}
      {asking ? <RefundDialog payment={asking} onClose={() => setAsking(null)} /> : null}
    </Card>
  );
}

function RefundDialog({ payment, onClose }: { readonly payment: Payment; readonly onClose: () => void }) {
  const t = useTranslations("adminMoney.organization");
  const admin = useTranslations("adminMoney");
  const formats = useFormats();
  const trpc = useTRPC();
  const refresh = useRefresh();
  const { currency, refundableMinor } = payment;
  const [amount, setAmount] = useState(minorText(refundableMinor, currency));
  const [reason, setReason] = useState("");
  const refund = useMutation(trpc.admin.payments.refund.mutationOptions({ onSettled: refresh }));
  const amountMinor = parseMinor(amount, currency);
  const fits = amountMinor !== null && amountMinor > 0 && amountMinor <= refundableMinor;
  const most = formats.moneyMinor(refundableMinor, currency);
  return (
    <Confirm
      open
      onOpenChange={(open) => (open ? undefined : onClose())}
      title={t("refundAsk", { amount: formats.moneyMinor(payment.amountMinor, currency) })}
      description={t("refundText")}
      action={t("refund")}
      danger
      disabled={!fits || reason.trim() === ""}
      onConfirm={() => (amountMinor === null ? Promise.resolve() : refund.mutateAsync({ paymentId: payment.id, amountMinor, reason }))}
    >
      <Field label={t("amountIn", { currency })} hint={t("atMost", { amount: most })} error={fits ? undefined : t("atMost", { amount: most })}>{(control) => <Input {...control} inputMode="decimal" value={amount} onChange={(event) => setAmount(event.target.value)} />}</Field>
      <Field label={admin("reason")} hint={admin("reasonHint")}>{(control) => <Input {...control} value={reason} maxLength={500} onChange={(event) => setReason(event.target.value)} />}</Field>
    </Confirm>
  );
}
