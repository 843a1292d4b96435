"use client";

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useTranslations } from "next-intl";
import { useState } from "react";
import { toast } from "sonner";
import type { RouterOutputs } from "@/server/api/root";
import { setIssuerInput } from "@/server/billing/profile/schema";
import { Loaded } from "@/app/_components/loaded";
import { useStaff } from "@/app/_components/shell/viewer";
import { Button } from "@/app/_components/ui/button";
import { Card, CardBody, CardHead } from "@/app/_components/ui/card";
import { Field, Input, Textarea } from "@/app/_components/ui/field";
import { Notice } from "@/app/_components/ui/notice";
import { useTRPC } from "@/app/_trpc/client";
import { useProblemText } from "@/app/_trpc/use-problem-text";
import { MoneyFrame } from "../money-frame";

type Issuer = RouterOutputs["admin"]["billing"]["issuer"];

/** Who sends the invoices. What is issued keeps what it says. */
export function IssuerPage() {
  const trpc = useTRPC();
  const query = useQuery(trpc.admin.billing.issuer.queryOptions());
  return <MoneyFrame tab="issuer"><Loaded query={query}>{(issuer) => <IssuerForm key={issuer.updatedAt.toISOString()} issuer={issuer} />}</Loaded></MoneyFrame>;
}

function IssuerForm({ issuer }: { readonly issuer: Issuer }) {
  const t = useTranslations("adminMoney.issuer");
  const details = useTranslations("money.details");
  const common = useTranslations("common");
  const trpc = useTRPC();
  const staff = useStaff();
  const queryClient = useQueryClient();
  const problem = useProblemText();
  const [fields, setFields] = useState({ legalName: issuer.legalName, address: issuer.address, country: issuer.country, registrationNumber: issuer.registrationNumber ?? "", numberPrefix: issuer.numberPrefix, creditNotePrefix: issuer.creditNotePrefix, paymentTermDays: String(issuer.paymentTermDays), bankText: issuer.bankText });
  const change = (name: keyof typeof fields) => (event: { readonly target: { readonly value: string } }) => setFields({ ...fields, [name]: event.target.value });
  const parsed = setIssuerInput.safeParse({ ...fields, country: fields.country.trim().toUpperCase(), registrationNumber: fields.registrationNumber.trim().toUpperCase() || null, paymentTermDays: fields.paymentTermDays.trim() === "" ? Number.NaN : Number(fields.paymentTermDays) });
  const wrong = new Set(parsed.success ? [] : parsed.error.issues.map((issue) => issue.path[0]));
  const set = useMutation(trpc.admin.billing.setIssuer.mutationOptions({ onSuccess: () => void toast.success(common("saved")), onSettled: () => queryClient.invalidateQueries(trpc.admin.billing.issuer.pathFilter()) }));
  const disabled = !staff.may("admin");
  return (
    <Card className="max-w-3xl">
      <CardHead title={t("title")} description={t("text")} />
      <CardBody>
        <form
          className="grid gap-4"
          onSubmit={(event) => {
            event.preventDefault();
            if (parsed.success) set.mutate(parsed.data);
          }}
        >
          <Field label={details("legalName")} error={wrong.has("legalName") ? t("legalNameError") : undefined}>{(control) => <Input {...control} disabled={disabled} maxLength={200} value={fields.legalName} onChange={change("legalName")} />}</Field>
          <Field label={details("address")}>{(control) => <Textarea {...control} disabled={disabled} rows={3} maxLength={500} value={fields.address} onChange={change("address")} />}</Field>
          <div className="grid gap-4 sm:grid-cols-2">
            <Field label={details("country")} hint={t("countryHint")} error={wrong.has("country") ? t("countryHint") : undefined}>{(control) => <Input {...control} disabled={disabled} maxLength={2} className="font-mono uppercase" value={fields.country} onChange={change("country")} />}</Field>
            <Field label={details("registrationNumber")} optional={common("optional")} hint={t("registrationHint")} error={wrong.has("registrationNumber") ? details("registrationError") : undefined}>
              {(control) => <Input {...control} disabled={disabled} className="font-mono uppercase" placeholder="T1234567890123" maxLength={14} autoComplete="off" spellCheck={false} value={fields.registrationNumber} onChange={change("registrationNumber")} />}
            </Field>
          </div>
          <Field label={t("bank")} optional={common("optional")} hint={t("bankHint")}>{(control) => <Textarea {...control} disabled={disabled} rows={4} maxLength={500} value={fields.bankText} onChange={change("bankText")} />}</Field>
          <div className="grid gap-4 sm:grid-cols-3">
            <Field label={t("numberPrefix")} hint={t("next", { number: `${fields.numberPrefix}${String(issuer.nextInvoice).padStart(6, "0")}` })} error={wrong.has("numberPrefix") ? t("prefixError") : undefined}>{(control) => <Input {...control} disabled={disabled} maxLength={12} className="font-mono" value={fields.numberPrefix} onChange={change("numberPrefix")} />}</Field>
            <Field label={t("creditNotePrefix")} hint={t("next", { number: `${fields.creditNotePrefix}${String(issuer.nextCreditNote).padStart(6, "0")}` })} error={wrong.has("creditNotePrefix") ? t("prefixError") : undefined}>{(control) => <Input {...control} disabled={disabled} maxLength={12} className="font-mono" value={fields.creditNotePrefix} onChange={change("creditNotePrefix")} />}</Field>
            <Field label={t("termDays")} hint={t("termHint")} error={wrong.has("paymentTermDays") ? t("termHint") : undefined}>{(control) => <Input {...control} disabled={disabled} type="number" min={0} max={365} value={fields.paymentTermDays} onChange={change("paymentTermDays")} />}</Field>
          </div>
          {set.error ? <Notice kind="bad">{problem(set.error)}</Notice> : null}
          {disabled ? null : <Button type="submit" variant="primary" className="justify-self-start" disabled={!parsed.success} busy={set.isPending}>{common("save")}</Button>}
        </form>
      </CardBody>
    </Card>
  );
}
