"use client";

import { useMutation } from "@tanstack/react-query";
import { useTranslations } from "next-intl";
import { useState } from "react";
import { Confirm } from "@/app/_components/confirm";
import { Field, Input, Select } from "@/app/_components/ui/field";
import { useWallClock } from "@/app/_i18n/use-wall-clock";
import { useTRPC } from "@/app/_trpc/client";
import { useRefresh } from "./use-refresh";

const KINDS = ["goodwill", "promotional", "trial", "sla"] as const;
const MICROS = 1_000_000;

interface GrantProps {
  readonly organizationId: string;
  readonly currency: string;
  readonly onClose: () => void;
}

/** Gives an amount that lowers the next invoices before tax, until it is used or expires. */
export function GrantDialog({ organizationId, currency, onClose }: GrantProps) {
  const t = useTranslations("adminMoney.organization");
  const kinds = useTranslations("money.credits.kinds");
  const own = useTranslations("money.credits");
  const common = useTranslations("common");
  const wallClock = useWallClock();
  const trpc = useTRPC();
  const refresh = useRefresh();
  const [kind, setKind] = useState<(typeof KINDS)[number]>("goodwill");
  const [amount, setAmount] = useState("");
  const [reason, setReason] = useState("");
  const [expires, setExpires] = useState("");
  // The same form sent twice is one grant.
  const [idempotencyKey] = useState(() => crypto.randomUUID());
  const grant = useMutation(trpc.admin.billing.grantCredit.mutationOptions({ onSettled: refresh }));
  const amountMicros = Math.round(Number(amount) * MICROS);
  return (
    <Confirm
      open
      onOpenChange={(open) => (open ? undefined : onClose())}
      title={t("grant")}
      description={t("grantText")}
      action={t("grant")}
      disabled={amount.trim() === "" || !Number.isSafeInteger(amountMicros) || amountMicros <= 0 || reason.trim() === ""}
      onConfirm={() => grant.mutateAsync({ organizationId, kind, currency, amountMicros, reason, expiresAt: wallClock.endOf(expires), idempotencyKey })}
    >
      <div className="grid gap-3 sm:grid-cols-2">
        <Field label={t("kind")}>
          {(control) => <Select {...control} className="w-full" value={kind} onChange={(event) => setKind(KINDS.find((one) => one === event.target.value) ?? "goodwill")}>{KINDS.map((one) => <option key={one} value={one}>{kinds(one)}</option>)}</Select>}
        </Field>
        <Field label={t("amountIn", { currency })}>{(control) => <Input {...control} type="number" min={0} step="any" inputMode="decimal" value={amount} onChange={(event) => setAmount(event.target.value)} />}</Field>
      </div>
      <Field label={own("expires")} optional={common("optional")} hint={wallClock.hint(t("expiresHint"))}>{(control) => <Input {...control} type="date" value={expires} onChange={(event) => setExpires(event.target.value)} />}</Field>
      <Field label={t("grantReason")} hint={t("grantReasonHint")}>{(control) => <Input {...control} value={reason} maxLength={200} onChange={(event) => setReason(event.target.value)} />}</Field>
    </Confirm>
  );
}
