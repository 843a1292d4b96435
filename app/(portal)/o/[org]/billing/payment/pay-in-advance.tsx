"use client";

import { useQuery } from "@tanstack/react-query";
import { useTranslations } from "next-intl";
import { useState } from "react";
import { useOrganization } from "@/app/_components/shell/viewer";
import { Button } from "@/app/_components/ui/button";
import { Card, CardBody, CardHead } from "@/app/_components/ui/card";
import { Field, Input } from "@/app/_components/ui/field";
import { parseMinor } from "@/app/_i18n/minor";
import { useFormats } from "@/app/_i18n/use-formats";
import { useTRPC } from "@/app/_trpc/client";

/** Money that is held and goes to the next invoices by itself. */
export function PayInAdvance({ busy, onPay }: { readonly busy: boolean; readonly onPay: (amountMinor: number) => void }) {
  const t = useTranslations("money.payment");
  const formats = useFormats();
  const { slug: organization } = useOrganization();
  const trpc = useTRPC();
  const [text, setText] = useState("");
  const prices = useQuery(trpc.catalog.prices.queryOptions({ organization }));
  const ledger = useQuery(trpc.billing.ledger.queryOptions({ organization }));
  const currency = prices.data?.currency ?? "JPY";
  const amount = parseMinor(text, currency);
  const held = -(ledger.data?.entries ?? []).reduce((sum, entry) => (entry.invoiceId === null ? sum + entry.amountMinor : sum), 0);
  return (
    <Card>
      <CardHead title={t("advance")} description={t("advanceText")} />
      <CardBody>
        <form
          className="flex flex-wrap items-end gap-3"
          onSubmit={(event) => {
            event.preventDefault();
            if (amount) onPay(amount);
          }}
        >
          <Field label={t("amount", { currency })} error={text !== "" && amount === null ? t("amountError") : undefined} className="w-44">
            {(control) => <Input {...control} inputMode="decimal" value={text} onChange={(event) => setText(event.target.value)} />}
          </Field>
          <Button type="submit" disabled={!amount} busy={busy}>{amount ? t("payAmount", { amount: formats.moneyMinor(amount, currency) }) : t("payAdvance")}</Button>
          {held > 0 ? <p className="numeric ml-auto self-center text-muted">{t("held", { amount: formats.moneyMinor(held, currency) })}</p> : null}
        </form>
      </CardBody>
    </Card>
  );
}
