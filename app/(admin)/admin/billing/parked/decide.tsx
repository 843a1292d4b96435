"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useTranslations } from "next-intl";
import { useState } from "react";
import { Confirm } from "@/app/_components/confirm";
import { Field, Input } from "@/app/_components/ui/field";
import { useFormats } from "@/app/_i18n/use-formats";
import { useTRPC } from "@/app/_trpc/client";

interface DecideProps {
  readonly invoice: { readonly id: string; readonly totalMinor: number; readonly currency: string };
  readonly what: "release" | "void";
  /** Of the organization. */
  readonly name: string;
  readonly onClose: () => void;
}

/** Lets an invoice that is held back go, or voids one. */
export function Decide({ invoice, what, name, onClose }: DecideProps) {
  const t = useTranslations("adminMoney.parked");
  const words = useTranslations("adminMoney");
  const formats = useFormats();
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const [reason, setReason] = useState("");
  const onSettled = (): Promise<unknown> => Promise.all([queryClient.invalidateQueries(trpc.admin.billing.pathFilter()), queryClient.invalidateQueries(trpc.admin.payments.pathFilter())]);
  const release = useMutation(trpc.admin.billing.releaseInvoice.mutationOptions({ onSettled }));
  const cancel = useMutation(trpc.admin.billing.voidInvoice.mutationOptions({ onSettled }));
  const amount = formats.moneyMinor(invoice.totalMinor, invoice.currency);
  return (
    <Confirm
      open
      onOpenChange={(open) => (open ? undefined : onClose())}
      title={t(`${what}Ask`, { name, amount })}
      description={t(`${what}Text`)}
      action={t(what)}
      danger={what === "void"}
      disabled={what === "void" && reason.trim() === ""}
      onConfirm={() => (what === "release" ? release.mutateAsync({ invoiceId: invoice.id }) : cancel.mutateAsync({ invoiceId: invoice.id, reason }))}
    >
      {what === "void" ? <Field label={words("reason")} hint={words("reasonHint")}>{(control) => <Input {...control} value={reason} maxLength={500} onChange={(event) => setReason(event.target.value)} />}</Field> : null}
    </Confirm>
  );
}
