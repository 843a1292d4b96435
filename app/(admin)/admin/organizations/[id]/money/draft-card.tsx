"use client";

import { useMutation, useQuery } from "@tanstack/react-query";
import { ReceiptText } from "lucide-react";
import { useTranslations } from "next-intl";
import { useState } from "react";
import { toast } from "sonner";
import { Confirm } from "@/app/_components/confirm";
import { Loaded } from "@/app/_components/loaded";
import { useStaff } from "@/app/_components/shell/viewer";
import { Moment } from "@/app/_components/time-ago";
import { Button } from "@/app/_components/ui/button";
import { Card, CardBody } from "@/app/_components/ui/card";
import { Notice } from "@/app/_components/ui/notice";
import { useFormats } from "@/app/_i18n/use-formats";
import { useTRPC } from "@/app/_trpc/client";
import type { Money } from "./types";
import { useRefresh } from "./use-refresh";

interface DraftProps {
  readonly organizationId: string;
  readonly name: string;
  readonly balances: Money["balances"];
}

/** What was used since the last invoice, what is owed, and the button that invoices it before its time. */
export function DraftCard({ organizationId, name, balances }: DraftProps) {
  const t = useTranslations("adminMoney.organization");
  const words = useTranslations("billing");
  const standings = useTranslations("adminMoney.standings");
  const formats = useFormats();
  const trpc = useTRPC();
  const staff = useStaff();
  const refresh = useRefresh();
  const [asking, setAsking] = useState(false);
  const draft = useQuery(trpc.admin.billing.draft.queryOptions({ organizationId }));
  const issue = useMutation(
    trpc.admin.billing.issueNow.mutationOptions({
      onSuccess: ({ outcome, invoice }) => void (outcome === "parked" ? toast.warning(t("issueOutcomes.parked")) : toast.success(invoice?.number ? t("issueOutcomes.issued", { number: invoice.number }) : t("issueOutcomes.nothing"))),
      onSettled: refresh,
    }),
  );
  return (
    <Card>
      <Loaded query={draft}>
        {({ totalMinor, currency, periodStart, asOf, lines, unpricedWindows }) => (
          <CardBody className="grid gap-4">
            <div className="flex flex-wrap items-end justify-between gap-x-8 gap-y-4">
              <dl className="flex flex-wrap gap-x-10 gap-y-3">
                <div className="grid gap-0.5"><dt className="text-xs text-muted">{words("soFar")}</dt><dd className="numeric text-xl font-semibold tracking-tight">{formats.moneyMinor(totalMinor, currency)}</dd><dd className="text-xs text-muted">{t("sinceLines", { at: formats.date(periodStart), count: lines.length })}</dd></div>
                {(balances.length > 0 ? balances : [{ currency, balanceMinor: 0 }]).map((balance) => (
                  <div key={balance.currency} className="grid content-start gap-0.5"><dt className="text-xs text-muted">{standings("balance")}</dt><dd className="numeric text-xl font-semibold tracking-tight">{formats.moneyMinor(balance.balanceMinor, balance.currency)}</dd><dd className="text-xs text-muted">{standings(balance.balanceMinor > 0 ? "owes" : balance.balanceMinor < 0 ? "ahead" : "even")}</dd></div>
                ))}
                <div className="grid content-start gap-0.5"><dt className="text-xs text-muted">{words("asOf")}</dt><dd><Moment at={asOf} /></dd></div>
              </dl>
              {staff.may("admin") ? <Button onClick={() => setAsking(true)}><ReceiptText aria-hidden />{t("issueNow")}</Button> : null}
            </div>
            {unpricedWindows > 0 ? <Notice kind="warn">{words("unpriced", { count: unpricedWindows })}</Notice> : null}
            <Confirm open={asking} onOpenChange={setAsking} title={t("issueAsk", { name, amount: formats.moneyMinor(totalMinor, currency) })} description={t("issueText")} action={t("issueNow")} onConfirm={() => issue.mutateAsync({ organizationId })} />
          </CardBody>
        )}
      </Loaded>
    </Card>
  );
}
