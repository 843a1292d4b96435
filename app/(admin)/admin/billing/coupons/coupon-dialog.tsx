"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useTranslations } from "next-intl";
import { useState } from "react";
import { createCouponInput } from "@/server/billing/discount/schema";
import { Confirm } from "@/app/_components/confirm";
import { CheckboxLine, Field, Input, Select } from "@/app/_components/ui/field";
import { useWallClock } from "@/app/_i18n/use-wall-clock";
import { useTRPC } from "@/app/_trpc/client";

const METERS = ["instance", "storage", "address", "snapshot", "image", "desktop"] as const;
type Meter = (typeof METERS)[number];
const MICROS = 1_000_000;
const numberOr = (text: string, otherwise: number | null): number | null => (text.trim() === "" ? otherwise : Number(text));

/** Offers a code; it is never edited afterwards. */
export function CouponDialog({ onClose }: { readonly onClose: () => void }) {
  const t = useTranslations("adminMoney.coupons");
  const common = useTranslations("common");
  const catalog = useTranslations("admin.catalog");
  const wallClock = useWallClock();
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const [code, setCode] = useState("");
  const [kind, setKind] = useState<"percent" | "trial">("percent");
  const [percent, setPercent] = useState("20");
  const [currency, setCurrency] = useState("JPY");
  const [most, setMost] = useState("");
  const [days, setDays] = useState("90");
  const [until, setUntil] = useState("");
  const [redemptions, setRedemptions] = useState("");
  const [meters, setMeters] = useState<readonly Meter[]>(METERS);
  const create = useMutation(trpc.admin.billing.createCoupon.mutationOptions({ onSettled: () => queryClient.invalidateQueries(trpc.admin.billing.pathFilter()) }));
  const maximum = numberOr(most, null);
  const parsed = createCouponInput.safeParse({
    code, kind, currency, basisPoints: kind === "trial" ? 10_000 : Math.round(Number(percent) * 100), meters: meters.length === METERS.length ? null : meters,
    maxMicros: maximum === null ? null : Math.round(maximum * MICROS), durationDays: Number(days), redeemableUntil: wallClock.endOf(until), maxRedemptions: numberOr(redemptions, null),
  });
  return (
    <Confirm open onOpenChange={(open) => (open ? undefined : onClose())} title={t("add")} description={t("addText")} action={t("add")} disabled={!parsed.success} onConfirm={() => (parsed.success ? create.mutateAsync(parsed.data) : Promise.resolve())}>
      <div className="grid gap-3 sm:grid-cols-2">
        <Field label={t("code")} hint={t("codeHint")}>{(control) => <Input {...control} className="font-mono uppercase" maxLength={32} autoComplete="off" spellCheck={false} value={code} onChange={(event) => setCode(event.target.value)} />}</Field>
        <Field label={t("kind")}>{(control) => <Select {...control} className="w-full" value={kind} onChange={(event) => setKind(event.target.value === "trial" ? "trial" : "percent")}><option value="percent">{t("kindPercent")}</option><option value="trial">{t("kindTrial")}</option></Select>}</Field>
        {kind === "percent" ? <Field label={t("percent")}>{(control) => <Input {...control} type="number" min={0.01} max={100} step="any" value={percent} onChange={(event) => setPercent(event.target.value)} />}</Field> : null}
        <Field label={t("durationDays")} hint={t("durationHint")}>{(control) => <Input {...control} type="number" min={1} max={3660} value={days} onChange={(event) => setDays(event.target.value)} />}</Field>
        <Field label={catalog("currency")}>{(control) => <Input {...control} maxLength={3} value={currency} onChange={(event) => setCurrency(event.target.value.toUpperCase())} />}</Field>
        <Field label={t("most")} optional={common("optional")}>{(control) => <Input {...control} type="number" min={0} step="any" value={most} onChange={(event) => setMost(event.target.value)} />}</Field>
        <Field label={t("redeemableUntil")} optional={common("optional")} hint={wallClock.hint(t("redeemableHint"))}>{(control) => <Input {...control} type="date" value={until} onChange={(event) => setUntil(event.target.value)} />}</Field>
        <Field label={t("maxRedemptions")} optional={common("optional")}>{(control) => <Input {...control} type="number" min={1} step={1} value={redemptions} onChange={(event) => setRedemptions(event.target.value)} />}</Field>
      </div>
      <fieldset className="grid gap-1.5">
        <legend className="mb-1 font-medium">{t("meters")}</legend>
        <div className="grid gap-1.5 sm:grid-cols-2">
          {METERS.map((meter) => (
            <CheckboxLine key={meter} label={meter === "instance" ? t("instances") : catalog(`meters.${meter}`)} checked={meters.includes(meter)} onChange={(event) => setMeters(event.target.checked ? METERS.filter((one) => one === meter || meters.includes(one)) : meters.filter((one) => one !== meter))} />
          ))}
        </div>
      </fieldset>
    </Confirm>
  );
}
