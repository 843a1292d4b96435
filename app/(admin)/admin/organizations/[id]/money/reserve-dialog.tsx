"use client";

import { useMutation } from "@tanstack/react-query";
import { useTranslations } from "next-intl";
import { useState } from "react";
import { addCommitmentInput } from "@/server/billing/discount/schema";
import { Confirm } from "@/app/_components/confirm";
import { Field, Input, Select } from "@/app/_components/ui/field";
import { useFormats } from "@/app/_i18n/use-formats";
import { useWallClock } from "@/app/_i18n/use-wall-clock";
import { useTRPC } from "@/app/_trpc/client";
import { useRefresh } from "./use-refresh";

const METERS = ["storage", "address", "snapshot", "image", "desktop"] as const;
const MICROS = 1_000_000;

interface ReserveProps {
  readonly organizationId: string;
  readonly currency: string;
  readonly flavors: readonly { readonly id: string; readonly name: string }[];
  readonly listPrice: (meter: string, flavorId: string | null) => number | null;
  readonly onClose: () => void;
}

/** Reserves units for a time: paid whether they are used or not, at a price that is typed beside the list's. */
export function ReserveDialog({ organizationId, currency, flavors, listPrice, onClose }: ReserveProps) {
  const t = useTranslations("adminMoney.organization");
  const catalog = useTranslations("admin.catalog");
  const common = useTranslations("common");
  const formats = useFormats();
  const wallClock = useWallClock();
  const trpc = useTRPC();
  const refresh = useRefresh();
  const [what, setWhat] = useState(flavors[0]?.id ?? "storage");
  const [units, setUnits] = useState("1");
  const [price, setPrice] = useState("");
  const [from, setFrom] = useState("");
  const [to, setTo] = useState("");
  const reserve = useMutation(trpc.admin.billing.addCommitment.mutationOptions({ onSettled: refresh }));
  const meter = METERS.find((one) => one === what) ?? "instance";
  const flavorId = meter === "instance" ? what : null;
  const list = listPrice(meter, flavorId);
  const micros = price.trim() === "" ? Number.NaN : Math.round(Number(price) * MICROS);
  const parsed = addCommitmentInput.safeParse({ organizationId, meter, flavorId, units: Number(units), microsPerHour: micros, ...(from ? { startsAt: wallClock.moment(from) } : {}), endsAt: wallClock.moment(to) });
  const hint = list === null ? undefined : Number.isFinite(micros) ? t("listPrice", { price: formats.perHour(list, currency), off: formats.percent(1 - micros / list) }) : t("listIs", { price: formats.perHour(list, currency) });
  return (
    <Confirm open onOpenChange={(open) => (open ? undefined : onClose())} title={t("reserve")} description={t("reserveText")} action={t("reserve")} disabled={!parsed.success} onConfirm={() => (parsed.success ? reserve.mutateAsync(parsed.data) : Promise.resolve())}>
      <Field label={catalog("what")}>
        {(control) => (
          <Select {...control} className="w-full" value={what} onChange={(event) => setWhat(event.target.value)}>
            {flavors.map((flavor) => <option key={flavor.id} value={flavor.id}>{flavor.name}</option>)}
            {METERS.map((one) => <option key={one} value={one}>{catalog(`meters.${one}`)}</option>)}
          </Select>
        )}
      </Field>
      <div className="grid gap-3 sm:grid-cols-2">
        <Field label={t("units")}>{(control) => <Input {...control} type="number" min={1} step={1} value={units} onChange={(event) => setUnits(event.target.value)} />}</Field>
        <Field label={`${catalog("perHour")}, ${currency}`} hint={hint}>{(control) => <Input {...control} type="number" min={0} step="0.000001" inputMode="decimal" value={price} onChange={(event) => setPrice(event.target.value)} />}</Field>
      </div>
      <Field label={t("starts")} optional={common("optional")} hint={wallClock.hint(t("startsHint"))}>{(control) => <Input {...control} type="datetime-local" value={from} onChange={(event) => setFrom(event.target.value)} />}</Field>
      <Field label={t("ends")} hint={wallClock.hint()}>{(control) => <Input {...control} type="datetime-local" value={to} onChange={(event) => setTo(event.target.value)} />}</Field>
      {parsed.success ? <p className="text-xs text-muted">{t("reserveFee", { hour: formats.perHour(micros * parsed.data.units, currency), month: formats.perMonth(micros * parsed.data.units, currency) })}</p> : null}
    </Confirm>
  );
}
