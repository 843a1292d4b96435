"use client";

import { useQuery } from "@tanstack/react-query";
import { useTranslations } from "next-intl";
import type { ReactNode } from "react";
import type { RouterOutputs } from "@/server/api/root";
import { useOrganization } from "@/app/_components/shell/viewer";
import { cn } from "@/app/_components/ui/cn";
import { Notice } from "@/app/_components/ui/notice";
import { useFormats } from "@/app/_i18n/use-formats";
import { useTRPC } from "@/app/_trpc/client";

type Dunning = NonNullable<RouterOutputs["billing"]["payment"]["dunning"]>["dunning"];
const STAGES = ["reminded", "restricted", "suspended", "retained", "deleted"] as const;
const dateOf = (dunning: Dunning, stage: (typeof STAGES)[number]): Date =>
  ({ reminded: dunning.openedAt, restricted: dunning.restrictAt, suspended: dunning.suspendAt, retained: dunning.retainAt, deleted: dunning.deleteAt })[stage];

/** What is overdue, and every step that follows with its date, from the first day on. Nothing while nothing is overdue. */
export function DunningNotice({ action }: { readonly action?: ReactNode }) {
  const t = useTranslations("money.dunning");
  const formats = useFormats();
  const { slug: organization } = useOrganization();
  const trpc = useTRPC();
  const { data } = useQuery(trpc.billing.payment.dunning.queryOptions({ organization }));
  if (!data) return null;
  const { dunning, overdue } = data;
  const reached = STAGES.indexOf(dunning.stage);
  return (
    <Notice kind={reached >= 2 ? "bad" : "warn"} title={t(`titles.${dunning.stage}`)} className="mb-4">
      <p>{t("text")}</p>
      <ul className="mt-1 grid gap-0.5">
        {overdue.map((item) => (
          <li key={item.invoiceId} className="numeric">{t("item", { number: item.number ?? item.invoiceId, amount: formats.moneyMinor(item.openMinor, item.currency), since: formats.date(item.since) })}</li>
        ))}
      </ul>
      <StageList dunning={dunning} reached={reached} />
      {action ? <div className="mt-3">{action}</div> : null}
      {dunning.pausedUntil ? <p className="mt-2 text-xs">{t("paused", { at: formats.dateTime(dunning.pausedUntil) })}</p> : null}
    </Notice>
  );
}

function StageList({ dunning, reached }: { readonly dunning: Dunning; readonly reached: number }) {
  const t = useTranslations("money.dunning");
  const formats = useFormats();
  return (
    <ol className="mt-3 grid gap-x-6 gap-y-2 sm:grid-cols-2 lg:grid-cols-5" aria-label={t("steps")}>
      {STAGES.map((stage, index) => (
        <li key={stage} aria-current={index === reached ? "step" : undefined} className={cn("grid content-start gap-0.5 border-t-2 pt-1.5", index <= reached ? "border-current" : "border-line-strong")}>
          <span className={cn("font-medium", index === reached && "underline underline-offset-4")}>{t(`stages.${stage}`)}</span>
          <time dateTime={dateOf(dunning, stage).toISOString()} className="numeric text-xs">{`${formats.date(dateOf(dunning, stage))} ${formats.time(dateOf(dunning, stage))}`}</time>
          <span className="text-xs text-muted">{t(`texts.${stage}`)}</span>
        </li>
      ))}
    </ol>
  );
}
