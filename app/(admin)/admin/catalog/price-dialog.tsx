"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useTranslations } from "next-intl";
import { useState } from "react";
import { addPriceVersionInput } from "@/server/catalog/schema";
import { Button } from "@/app/_components/ui/button";
import { Dialog } from "@/app/_components/ui/dialog";
import { Field, Input, Select } from "@/app/_components/ui/field";
import { Notice } from "@/app/_components/ui/notice";
import { useFormats } from "@/app/_i18n/use-formats";
import { useTRPC } from "@/app/_trpc/client";
import { useProblemText } from "@/app/_trpc/use-problem-text";

interface PriceProps {
  readonly open: boolean;
  readonly onOpenChange: (open: boolean) => void;
  readonly flavors: readonly { readonly id: string; readonly name: string }[];
}

const MICROS = 1_000_000;

export function PriceDialog(props: PriceProps) {
  const t = useTranslations("admin.catalog");
  return (
    <Dialog open={props.open} onOpenChange={props.onOpenChange} title={t("addPrice")} description={t("addPriceText")}>
      <PriceForm {...props} />
    </Dialog>
  );
}

function PriceForm({ flavors, onOpenChange }: PriceProps) {
  const t = useTranslations("admin.catalog");
  const common = useTranslations("common");
  const formats = useFormats();
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const problem = useProblemText();
  /** A flavor's id, or the meter that has no flavor. */
  const [what, setWhat] = useState(flavors[0]?.id ?? "storage");
  const [currency, setCurrency] = useState("JPY");
  const [amount, setAmount] = useState("");
  const [from, setFrom] = useState("");
  const parsed = addPriceVersionInput.safeParse({
    ...(what === "storage" || what === "address" ? { meter: what } : { meter: "instance", flavorId: what }),
    currency,
    microsPerHour: amount.trim() === "" ? Number.NaN : Math.round(Number(amount) * MICROS),
    ...(from ? { validFrom: new Date(from) } : {}),
  });
  const add = useMutation(trpc.admin.catalog.addPriceVersion.mutationOptions({ onSuccess: () => onOpenChange(false), onSettled: () => queryClient.invalidateQueries(trpc.admin.catalog.pathFilter()) }));
  return (
    <form
      className="grid gap-4 pb-1"
      onSubmit={(event) => {
        event.preventDefault();
        if (parsed.success) add.mutate(parsed.data);
      }}
    >
      <Field label={t("what")}>
        {(control) => (
          <Select {...control} className="w-full" value={what} onChange={(event) => setWhat(event.target.value)}>
            {flavors.map((flavor) => <option key={flavor.id} value={flavor.id}>{flavor.name}</option>)}
            <option value="storage">{t("meters.storage")}</option>
            <option value="address">{t("meters.address")}</option>
          </Select>
        )}
      </Field>
      <div className="grid grid-cols-2 gap-3">
        <Field label={t("perHour")} hint={parsed.success ? formats.perMonth(parsed.data.microsPerHour, parsed.data.currency) : undefined}>
          {(control) => <Input {...control} type="number" min={0} step="0.000001" inputMode="decimal" value={amount} onChange={(event) => setAmount(event.target.value)} />}
        </Field>
        <Field label={t("currency")}>{(control) => <Input {...control} value={currency} maxLength={3} onChange={(event) => setCurrency(event.target.value.toUpperCase())} />}</Field>
      </div>
      <Field label={t("validFrom")} hint={t("validFromHint")}>{(control) => <Input {...control} type="datetime-local" value={from} onChange={(event) => setFrom(event.target.value)} />}</Field>
      {add.error ? <Notice kind="bad">{problem(add.error)}</Notice> : null}
      <div className="flex justify-end gap-2">
        <Button onClick={() => onOpenChange(false)}>{common("cancel")}</Button>
        <Button type="submit" variant="primary" disabled={!parsed.success} busy={add.isPending}>{t("addPrice")}</Button>
      </div>
    </form>
  );
}
