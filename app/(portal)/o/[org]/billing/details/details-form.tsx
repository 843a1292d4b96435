"use client";

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useTranslations } from "next-intl";
import { useState } from "react";
import { toast } from "sonner";
import { setBillingProfileInput } from "@/server/billing/profile/schema";
import type { RouterOutputs } from "@/server/api/root";
import { Loaded } from "@/app/_components/loaded";
import { useOrganization } from "@/app/_components/shell/viewer";
import { Badge } from "@/app/_components/ui/badge";
import { Button } from "@/app/_components/ui/button";
import { Card, CardBody, CardHead } from "@/app/_components/ui/card";
import { Field, Input, Select, Textarea } from "@/app/_components/ui/field";
import { Notice } from "@/app/_components/ui/notice";
import { useTRPC } from "@/app/_trpc/client";
import { useProblemText } from "@/app/_trpc/use-problem-text";
import { BillingFrame } from "../billing-frame";
import type { Country } from "./countries";

/** How the organization stands on its invoices. */
export function DetailsForm({ countries }: { readonly countries: readonly Country[] }) {
  const { slug: organization } = useOrganization();
  const trpc = useTRPC();
  const query = useQuery(trpc.billing.profile.queryOptions({ organization }));
  return (
    <BillingFrame tab="details">
      <Loaded query={query}>{(profile) => <ProfileForm key={JSON.stringify(profile)} profile={profile} countries={countries} />}</Loaded>
    </BillingFrame>
  );
}

function ProfileForm({ profile, countries }: { readonly profile: RouterOutputs["billing"]["profile"]; readonly countries: readonly Country[] }) {
  const t = useTranslations("money.details");
  const common = useTranslations("common");
  const { slug: organization } = useOrganization();
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const problem = useProblemText();
  const [legalName, setLegalName] = useState(profile.legalName);
  const [address, setAddress] = useState(profile.address);
  const [country, setCountry] = useState(profile.country);
  const [billingEmail, setBillingEmail] = useState(profile.billingEmail ?? "");
  const [taxId, setTaxId] = useState(profile.taxId ?? "");
  const parsed = setBillingProfileInput.safeParse({ legalName, address, country, billingEmail: billingEmail.trim() || null, taxId: taxId.trim().toUpperCase() || null });
  const wrong = new Set(parsed.success ? [] : parsed.error.issues.map((issue) => issue.path[0]));
  const set = useMutation(trpc.billing.setProfile.mutationOptions({ onSuccess: () => void toast.success(common("saved")), onSettled: () => queryClient.invalidateQueries(trpc.billing.profile.pathFilter()) }));
  const offered = countries.some(({ code }) => code === country) ? countries : [{ code: country, name: country }, ...countries];
  const isJapan = country === "JP";
  return (
    <Card className="max-w-2xl">
      <CardHead title={t("title")} description={t("text")} />
      <CardBody>
        <form
          className="grid gap-4"
          onSubmit={(event) => {
            event.preventDefault();
            if (parsed.success) set.mutate({ ...parsed.data, organization });
          }}
        >
          <Field label={t("legalName")} error={wrong.has("legalName") ? t("legalNameError") : undefined}>{(control) => <Input {...control} maxLength={200} autoComplete="organization" value={legalName} onChange={(event) => setLegalName(event.target.value)} />}</Field>
          <Field label={t("address")} optional={common("optional")}>{(control) => <Textarea {...control} rows={3} maxLength={500} autoComplete="street-address" value={address} onChange={(event) => setAddress(event.target.value)} />}</Field>
          <div className="grid gap-4 sm:grid-cols-2">
            <Field label={t("country")}>
              {(control) => <Select {...control} className="w-full" autoComplete="country" value={country} onChange={(event) => setCountry(event.target.value)}>{offered.map(({ code, name }) => <option key={code} value={code}>{name}</option>)}</Select>}
            </Field>
            <Field label={t(isJapan ? "registrationNumber" : "taxId")} optional={common("optional")} hint={t(isJapan ? "registrationHint" : "taxIdHint")} error={wrong.has("taxId") ? t(isJapan ? "registrationError" : "taxIdError") : undefined}>
              {(control) => <Input {...control} className="font-mono uppercase" placeholder={isJapan ? "T1234567890123" : ""} maxLength={40} autoComplete="off" spellCheck={false} value={taxId} onChange={(event) => setTaxId(event.target.value)} />}
            </Field>
          </div>
          <Field label={t("email")} optional={common("optional")} hint={t("emailHint")} error={wrong.has("billingEmail") ? t("emailError") : undefined}>{(control) => <Input {...control} type="email" maxLength={254} value={billingEmail} onChange={(event) => setBillingEmail(event.target.value)} />}</Field>
          <ProviderTaxIds />
          {set.error ? <Notice kind="bad">{problem(set.error)}</Notice> : null}
          <Button type="submit" variant="primary" className="justify-self-start" disabled={!parsed.success} busy={set.isPending}>{common("save")}</Button>
        </form>
      </CardBody>
    </Card>
  );
}

/** What the payment provider's own check said of the tax numbers that it has. */
function ProviderTaxIds() {
  const t = useTranslations("money.details");
  const { slug: organization } = useOrganization();
  const trpc = useTRPC();
  const { data } = useQuery(trpc.billing.payment.overview.queryOptions({ organization }));
  if (!data || data.taxIds.length === 0) return null;
  return (
    <div className="grid gap-1.5">
      <p className="text-xs text-muted">{t("atProvider")}</p>
      {data.taxIds.map((tax) => (
        <p key={tax.id} className="flex items-center gap-2"><span className="font-mono text-xs">{tax.value}</span><Badge tone={tax.verification === "verified" ? "good" : tax.verification === "unverified" ? "bad" : "neutral"}>{t(tax.verification === "verified" ? "verified" : tax.verification === "unverified" ? "unverified" : "pending")}</Badge></p>
      ))}
    </div>
  );
}
