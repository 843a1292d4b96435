"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useTranslations } from "next-intl";
import { useState } from "react";
import { toast } from "sonner";
import { setBudgetInput } from "@/server/billing/budget/schema";
import type { RouterOutputs } from "@/server/api/root";
import { Confirm } from "@/app/_components/confirm";
import { useOrganization } from "@/app/_components/shell/viewer";
import { Button } from "@/app/_components/ui/button";
import { Card, CardBody, CardHead } from "@/app/_components/ui/card";
import { CheckboxLine, Field, Input } from "@/app/_components/ui/field";
import { Notice } from "@/app/_components/ui/notice";
import { minorText, parseMinor } from "@/app/_i18n/minor";
import { useTRPC } from "@/app/_trpc/client";
import { useProblemText } from "@/app/_trpc/use-problem-text";

interface BudgetFormProps {
  readonly budget: RouterOutputs["billing"]["budget"]["budget"];
  readonly currency: string;
  readonly spentMinor: number;
}

/** How much a period may cost, when to be told, and whether to be stopped there. */
export function BudgetForm({ budget, currency, spentMinor }: BudgetFormProps) {
  const t = useTranslations("money.budget");
  const common = useTranslations("common");
  const { slug: organization } = useOrganization();
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const problem = useProblemText();
  const [amount, setAmount] = useState(budget ? minorText(budget.amountMinor, currency) : "");
  const [thresholds, setThresholds] = useState((budget?.thresholdsPercent ?? [50, 80, 100]).join(", "));
  const [hardCap, setHardCap] = useState(budget?.hardCap ?? false);
  const [asking, setAsking] = useState<"cap" | "remove" | null>(null);
  const onSettled = (): Promise<void> => queryClient.invalidateQueries(trpc.billing.pathFilter());
  const set = useMutation(trpc.billing.setBudget.mutationOptions({ onSuccess: () => void toast.success(common("saved")), onSettled }));
  const remove = useMutation(trpc.billing.removeBudget.mutationOptions({ onSettled }));
  const amountMinor = parseMinor(amount, currency);
  const list = thresholds.split(/[,\s%、]+/).filter(Boolean).map(Number);
  const parsed = setBudgetInput.safeParse({ amountMinor, thresholdsPercent: list, hardCap });
  const wrong = new Set(parsed.success ? [] : parsed.error.issues.map((issue) => issue.path[0]));
  const stopsNow = hardCap && amountMinor !== null && spentMinor >= amountMinor;
  return (
    <Card>
      <CardHead title={t("title")} description={t("text")} />
      <CardBody>
        <form
          className="grid gap-4"
          onSubmit={(event) => {
            event.preventDefault();
            if (!parsed.success) return;
            if (hardCap && !budget?.hardCap) setAsking("cap");
            else set.mutate({ ...parsed.data, organization });
          }}
        >
          <Field label={t("amount", { currency })} hint={t("amountHint")} error={amount !== "" && wrong.has("amountMinor") ? t("amountError") : undefined}>
            {(control) => <Input {...control} inputMode="decimal" value={amount} onChange={(event) => setAmount(event.target.value)} />}
          </Field>
          <Field label={t("thresholds")} hint={t("thresholdsHint")} error={wrong.has("thresholdsPercent") ? t("thresholdsError") : undefined}>
            {(control) => <Input {...control} inputMode="numeric" value={thresholds} onChange={(event) => setThresholds(event.target.value)} />}
          </Field>
          <CheckboxLine label={t("hardCap")} hint={t("hardCapText")} checked={hardCap} onChange={(event) => setHardCap(event.target.checked)} />
          {stopsNow ? <Notice kind="warn">{t("stopsNow")}</Notice> : null}
          {set.error ? <Notice kind="bad">{problem(set.error)}</Notice> : null}
          <div className="flex gap-2">
            <Button type="submit" variant="primary" disabled={!parsed.success} busy={set.isPending}>{common("save")}</Button>
            {budget ? <Button onClick={() => setAsking("remove")}>{t("remove")}</Button> : null}
          </div>
        </form>
      </CardBody>
      <Confirm open={asking === "cap"} onOpenChange={(open) => setAsking(open ? asking : null)} title={t("capAsk")} description={stopsNow ? t("stopsNow") : t("hardCapText")} action={t("capAction")} danger={stopsNow} onConfirm={() => (parsed.success ? set.mutateAsync({ ...parsed.data, organization }) : Promise.resolve())} />
      <Confirm open={asking === "remove"} onOpenChange={(open) => setAsking(open ? asking : null)} title={t("removeAsk")} description={t("removeText")} action={t("remove")} onConfirm={() => remove.mutateAsync({ organization })} />
    </Card>
  );
}
