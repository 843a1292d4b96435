"use client";

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { PartyPopper } from "lucide-react";
import { useTranslations } from "next-intl";
import Link from "next/link";
import { useState } from "react";
import type { RouterOutputs } from "@/server/api/root";
import { Confirm } from "@/app/_components/confirm";
import { Loaded } from "@/app/_components/loaded";
import { useStaff } from "@/app/_components/shell/viewer";
import { Moment } from "@/app/_components/time-ago";
import { Badge } from "@/app/_components/ui/badge";
import { Button } from "@/app/_components/ui/button";
import { Card } from "@/app/_components/ui/card";
import { EmptyState } from "@/app/_components/ui/empty-state";
import { Field, Input } from "@/app/_components/ui/field";
import { useFormats } from "@/app/_i18n/use-formats";
import { useTRPC } from "@/app/_trpc/client";
import { StandingBadge } from "../../organizations/standing-badge";
import { MoneyFrame } from "../money-frame";

type Entry = RouterOutputs["admin"]["payments"]["dunningBoard"][number];
const STAGES = ["reminded", "restricted", "suspended", "retained", "deleted"] as const;
type Stage = (typeof STAGES)[number];
const nextOf = ({ dunning }: Entry): { readonly stage: Stage; readonly at: Date } | null =>
  ({
    reminded: { stage: "restricted" as const, at: dunning.restrictAt }, restricted: { stage: "suspended" as const, at: dunning.suspendAt },
    suspended: { stage: "retained" as const, at: dunning.retainAt }, retained: { stage: "deleted" as const, at: dunning.deleteAt }, deleted: null,
  })[dunning.stage];

/** One column for each stage, with what is owed and what comes next. */
export function DunningBoard() {
  const t = useTranslations("adminMoney.dunning");
  const stages = useTranslations("adminMoney.stages");
  const trpc = useTRPC();
  const staff = useStaff();
  const [asking, setAsking] = useState<Entry | null>(null);
  const query = useQuery(trpc.admin.payments.dunningBoard.queryOptions());
  return (
    <MoneyFrame tab="dunning">
      <Loaded query={query}>
        {(board) =>
          board.length === 0 ? (
            <Card><EmptyState icon={PartyPopper} title={t("empty")}>{t("emptyText")}</EmptyState></Card>
          ) : (
            <div className="grid items-start gap-4 md:grid-cols-2 xl:grid-cols-3">
              {STAGES.filter((stage) => board.some((entry) => entry.dunning.stage === stage)).map((stage) => {
                const entries = board.filter((entry) => entry.dunning.stage === stage);
                return (
                  <section key={stage} aria-label={stages(stage)} className="grid gap-2">
                    <h2 className="flex items-center gap-2 font-semibold">{stages(stage)}<Badge>{entries.length}</Badge></h2>
                    {entries.map((entry) => <CaseCard key={entry.dunning.id} entry={entry} onExtend={staff.may("support") ? () => setAsking(entry) : null} />)}
                  </section>
                );
              })}
            </div>
          )
        }
      </Loaded>
      {asking ? <ExtendDialog entry={asking} onClose={() => setAsking(null)} /> : null}
    </MoneyFrame>
  );
}

function CaseCard({ entry, onExtend }: { readonly entry: Entry; readonly onExtend: (() => void) | null }) {
  const t = useTranslations("adminMoney.dunning");
  const stages = useTranslations("adminMoney.stages");
  const formats = useFormats();
  const next = nextOf(entry);
  const { dunning, organization, overdue } = entry;
  return (
    <Card className="grid gap-2 p-3">
      <div className="flex flex-wrap items-start justify-between gap-2">
        <Link href={`/admin/organizations/${organization.organizationId}/money`} className="font-medium hover:text-accent hover:underline">{organization.name}</Link>
        <StandingBadge standing={organization.standing} />
      </div>
      <ul className="grid gap-0.5">
        {overdue.map((item) => (
          <li key={item.invoiceId} className="flex justify-between gap-2"><span>{item.number ?? item.invoiceId}<span className="text-xs text-muted">{` · ${t("since", { at: formats.date(item.since) })}`}</span></span><span className="numeric">{formats.moneyMinor(item.openMinor, item.currency)}</span></li>
        ))}
      </ul>
      <p className="text-xs text-muted">
        {next ? <>{t("next", { stage: stages(next.stage) })}{" "}<Moment at={next.at} /></> : t("noNext")}
      </p>
      {dunning.pausedUntil ? <p className="text-xs text-warn">{t("paused", { at: formats.dateTime(dunning.pausedUntil) })}</p> : null}
      <div className="flex items-center justify-between gap-2 border-t pt-2 text-xs text-muted">
        {t("reminders", { count: dunning.reminders })}
        {onExtend ? <Button size="sm" onClick={onExtend}>{t("extend")}</Button> : null}
      </div>
    </Card>
  );
}

function ExtendDialog({ entry, onClose }: { readonly entry: Entry; readonly onClose: () => void }) {
  const t = useTranslations("adminMoney.dunning");
  const words = useTranslations("adminMoney");
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const [days, setDays] = useState("7");
  const [reason, setReason] = useState("");
  const extend = useMutation(trpc.admin.payments.extendDunning.mutationOptions({ onSettled: () => queryClient.invalidateQueries(trpc.admin.payments.pathFilter()) }));
  const count = Number(days);
  return (
    <Confirm
      open
      onOpenChange={(open) => (open ? undefined : onClose())}
      title={t("extendAsk", { name: entry.organization.name })}
      description={t("extendText")}
      action={t("extend")}
      disabled={!Number.isInteger(count) || count < 1 || count > 90 || reason.trim() === ""}
      onConfirm={() => extend.mutateAsync({ organizationId: entry.organization.organizationId, days: count, reason })}
    >
      <Field label={t("days")} hint={t("daysHint")}>{(control) => <Input {...control} type="number" min={1} max={90} value={days} onChange={(event) => setDays(event.target.value)} />}</Field>
      <Field label={words("reason")} hint={words("reasonHint")}>{(control) => <Input {...control} value={reason} maxLength={500} onChange={(event) => setReason(event.target.value)} />}</Field>
    </Confirm>
  );
}
