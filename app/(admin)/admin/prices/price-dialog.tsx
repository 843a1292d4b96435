"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useTranslations } from "next-intl";
import { useState } from "react";
import { addPriceVersionInput, newPriceInput } from "@/server/catalog/schema";
import { Button } from "@/app/_components/ui/button";
import { Dialog } from "@/app/_components/ui/dialog";
import { Field, Input, Select } from "@/app/_components/ui/field";
import { Notice } from "@/app/_components/ui/notice";
import { useFormats } from "@/app/_i18n/use-formats";
import { useWallClock } from "@/app/_i18n/use-wall-clock";
import { useTRPC } from "@/app/_trpc/client";
import { useProblemText } from "@/app/_trpc/use-problem-text";
import { PricePreview } from "./price-preview";
import { PriceTiers, readTiers, type TypedTier } from "./price-tiers";

interface PriceProps {
  readonly open: boolean;
  readonly onOpenChange: (open: boolean) => void;
  readonly flavors: readonly { readonly id: string; readonly name: string }[];
  /** What the book is looked at in. */
  readonly currency: string;
}

const MICROS = 1_000_000;
const METERS = ["storage", "address", "snapshot", "image", "desktop"] as const;
/** What stands on storage, which comes in classes. */
const STORED: readonly string[] = ["storage", "snapshot", "image"];
const TAXES = ["standard", "reduced", "exempt"] as const;
const toMicros = (text: string): number => (text.trim() === "" ? Number.NaN : Math.round(Number(text) * MICROS));

export function PriceDialog(props: PriceProps) {
  const t = useTranslations("adminMoney.prices");
  return (
    <Dialog wide open={props.open} onOpenChange={props.onOpenChange} title={t("add")} description={t("addText")}>
      <PriceForm {...props} />
    </Dialog>
  );
}

function PriceForm({ flavors, currency: shownCurrency, onOpenChange }: PriceProps) {
  const t = useTranslations("adminMoney.prices");
  const catalog = useTranslations("admin.catalog");
  const common = useTranslations("common");
  const formats = useFormats();
  const wallClock = useWallClock();
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const problem = useProblemText();
  /** A flavor's id, or the meter that has no flavor. */
  const [what, setWhat] = useState(flavors[0]?.id ?? "storage");
  const [currency, setCurrency] = useState(shownCurrency);
  const [amount, setAmount] = useState("");
  const [cap, setCap] = useState("");
  const [minimumSeconds, setMinimumSeconds] = useState("0");
  const [minimum, setMinimum] = useState("");
  const [increment, setIncrement] = useState("1");
  const [included, setIncluded] = useState("0");
  const [movable, setMovable] = useState("0");
  const [tiers, setTiers] = useState<readonly TypedTier[]>([]);
  const [storageClass, setStorageClass] = useState("");
  const [taxCategory, setTaxCategory] = useState<(typeof TAXES)[number]>("standard");
  const [from, setFrom] = useState("");
  const meter = METERS.find((one) => one === what);
  const terms = {
    ...(meter ? { meter } : { meter: "instance" as const, flavorId: what }),
    microsPerHour: toMicros(amount),
    monthlyCapMicros: cap.trim() === "" ? null : toMicros(cap),
    minimumSeconds: Number(minimumSeconds),
    minimumMicros: minimum.trim() === "" ? 0 : toMicros(minimum),
    incrementSeconds: Number(increment),
    includedUnitHours: Number(included),
    tiers: readTiers(tiers),
    ...(meter && STORED.includes(meter) && storageClass.trim() !== "" ? { storageClass: storageClass.trim() } : {}),
    taxCategory,
    movableDiscountBasisPoints: meter ? 0 : Math.round(Number(movable) * 100),
  };
  const parsed = addPriceVersionInput.safeParse({ ...terms, currency, ...(from ? { validFrom: wallClock.moment(from) } : {}) });
  const preview = newPriceInput.safeParse(terms);
  const add = useMutation(trpc.admin.catalog.addPriceVersion.mutationOptions({ onSuccess: () => onOpenChange(false), onSettled: () => queryClient.invalidateQueries(trpc.admin.catalog.pathFilter()) }));
  return (
    <form
      className="grid gap-4 pb-1"
      onSubmit={(event) => {
        event.preventDefault();
        if (parsed.success) add.mutate(parsed.data);
      }}
    >
      <div className="grid gap-3 sm:grid-cols-2">
        <Field label={catalog("what")}>
          {(control) => (
            <Select {...control} className="w-full" value={what} onChange={(event) => setWhat(event.target.value)}>
              {flavors.map((flavor) => <option key={flavor.id} value={flavor.id}>{flavor.name}</option>)}
              {METERS.map((one) => <option key={one} value={one}>{catalog(`meters.${one}`)}</option>)}
            </Select>
          )}
        </Field>
        <Field label={catalog("currency")}>{(control) => <Input {...control} value={currency} maxLength={3} onChange={(event) => setCurrency(event.target.value.toUpperCase())} />}</Field>
        <Field label={catalog("perHour")} hint={parsed.success ? formats.perMonth(parsed.data.microsPerHour, parsed.data.currency) : undefined}>
          {(control) => <Input {...control} type="number" min={0} step="0.000001" inputMode="decimal" value={amount} onChange={(event) => setAmount(event.target.value)} />}
        </Field>
        <Field label={t("cap")} optional={common("optional")} hint={t("capHint")}>{(control) => <Input {...control} type="number" min={0} step="0.000001" inputMode="decimal" value={cap} onChange={(event) => setCap(event.target.value)} />}</Field>
        <Field label={t("minimumSeconds")} hint={t("minimumHint")}>{(control) => <Input {...control} type="number" min={0} step={1} inputMode="numeric" value={minimumSeconds} onChange={(event) => setMinimumSeconds(event.target.value)} />}</Field>
        <Field label={t("minimumAmount")} optional={common("optional")} hint={t("minimumAmountHint")}>{(control) => <Input {...control} type="number" min={0} step="0.000001" inputMode="decimal" value={minimum} onChange={(event) => setMinimum(event.target.value)} />}</Field>
        <Field label={t("increment")} hint={t("incrementHint")}>{(control) => <Input {...control} type="number" min={1} step={1} inputMode="numeric" value={increment} onChange={(event) => setIncrement(event.target.value)} />}</Field>
        <Field label={t("included")} hint={t("includedHint")}>{(control) => <Input {...control} type="number" min={0} step={1} inputMode="numeric" value={included} onChange={(event) => setIncluded(event.target.value)} />}</Field>
        {meter ? null : <Field label={t("movable")} hint={t("movableHint")}>{(control) => <Input {...control} type="number" min={0} max={100} step="0.01" inputMode="decimal" value={movable} onChange={(event) => setMovable(event.target.value)} />}</Field>}
        <Field label={catalog("validFrom")} hint={wallClock.hint(catalog("validFromHint"))}>{(control) => <Input {...control} type="datetime-local" value={from} onChange={(event) => setFrom(event.target.value)} />}</Field>
        <Field label={t("tax")}>{(control) => <Select {...control} className="w-full" value={taxCategory} onChange={(event) => setTaxCategory(TAXES.find((one) => one === event.target.value) ?? "standard")}>{TAXES.map((one) => <option key={one} value={one}>{t(`taxes.${one}`)}</option>)}</Select>}</Field>
        {meter && STORED.includes(meter) ? <Field label={t("storageClass")} optional={common("optional")} hint={t("storageClassHint")}>{(control) => <Input {...control} className="font-mono" maxLength={63} spellCheck={false} value={storageClass} onChange={(event) => setStorageClass(event.target.value)} />}</Field> : null}
      </div>
      <PriceTiers tiers={tiers} onChange={setTiers} />
      {preview.success && parsed.success ? <PricePreview currency={currency} price={preview.data} /> : <p className="text-xs text-muted">{t("previewFirst")}</p>}
      {add.error ? <Notice kind="bad">{problem(add.error)}</Notice> : null}
      <div className="flex justify-end gap-2">
        <Button onClick={() => onOpenChange(false)}>{common("cancel")}</Button>
        <Button type="submit" variant="primary" disabled={!parsed.success} busy={add.isPending}>{t("add")}</Button>
      </div>
    </form>
  );
}
