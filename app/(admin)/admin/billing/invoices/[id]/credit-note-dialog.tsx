"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useTranslations } from "next-intl";
import { useState } from "react";
import { toast } from "sonner";
import type { RouterOutputs } from "@/server/api/root";
import { Confirm } from "@/app/_components/confirm";
import { Field, Input } from "@/app/_components/ui/field";
import { parseMinor } from "@/app/_i18n/minor";
import { useFormats } from "@/app/_i18n/use-formats";
import { useTRPC } from "@/app/_trpc/client";

interface CreditNoteProps {
  readonly view: RouterOutputs["admin"]["billing"]["invoice"];
  readonly onClose: () => void;
}

/** Corrects an issued invoice downward, rate by rate, never beyond what it has left. */
export function CreditNoteDialog({ view: { invoice, creditable }, onClose }: CreditNoteProps) {
  const t = useTranslations("adminMoney.organization");
  const words = useTranslations("adminMoney");
  const formats = useFormats();
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const [typed, setTyped] = useState<Readonly<Record<number, string>>>({});
  const [reason, setReason] = useState("");
  // The same form sent twice is one credit note.
  const [idempotencyKey] = useState(() => crypto.randomUUID());
  const issue = useMutation(
    trpc.admin.billing.issueCreditNote.mutationOptions({
      onSuccess: (note) => void toast.success(t("creditNoteIssued", { number: note.number })),
      onSettled: () => Promise.all([queryClient.invalidateQueries(trpc.admin.billing.pathFilter()), queryClient.invalidateQueries(trpc.admin.payments.pathFilter())]),
    }),
  );
  const { currency } = invoice;
  const rates = creditable.filter((rate) => rate.leftMinor > 0).map((rate) => {
    const text = typed[rate.rateBasisPoints] ?? "";
    const netMinor = text.trim() === "" ? 0 : parseMinor(text, currency);
    return { ...rate, text, netMinor, fits: netMinor !== null && netMinor <= rate.leftMinor };
  });
  const amounts = rates.flatMap(({ rateBasisPoints, netMinor }) => (netMinor !== null && netMinor > 0 ? [{ rateBasisPoints, netMinor }] : []));
  return (
    <Confirm
      open
      onOpenChange={(open) => (open ? undefined : onClose())}
      title={t("creditNoteAsk", { number: invoice.number ?? invoice.id })}
      description={t("creditNoteText")}
      action={t("creditNote")}
      danger
      disabled={amounts.length === 0 || rates.some((rate) => !rate.fits) || reason.trim() === ""}
      onConfirm={() => issue.mutateAsync({ invoiceId: invoice.id, reason, amounts, idempotencyKey })}
    >
      {rates.map((rate) => {
        const most = t("atMost", { amount: formats.moneyMinor(rate.leftMinor, currency) });
        return (
          <Field key={rate.rateBasisPoints} label={t("netAt", { percent: formats.number(rate.rateBasisPoints / 100), currency })} hint={most} error={rate.fits ? undefined : most}>
            {(control) => <Input {...control} inputMode="decimal" value={rate.text} onChange={(event) => setTyped({ ...typed, [rate.rateBasisPoints]: event.target.value })} />}
          </Field>
        );
      })}
      <Field label={words("reason")} hint={t("grantReasonHint")}>{(control) => <Input {...control} value={reason} maxLength={500} onChange={(event) => setReason(event.target.value)} />}</Field>
    </Confirm>
  );
}
