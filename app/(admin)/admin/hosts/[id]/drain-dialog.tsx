"use client";

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { ArrowRight } from "lucide-react";
import { useTranslations } from "next-intl";
import { Loaded } from "@/app/_components/loaded";
import { Badge } from "@/app/_components/ui/badge";
import { Button } from "@/app/_components/ui/button";
import { Dialog } from "@/app/_components/ui/dialog";
import { Notice } from "@/app/_components/ui/notice";
import { useWords } from "@/app/_components/use-words";
import { useFormats } from "@/app/_i18n/use-formats";
import { useTRPC } from "@/app/_trpc/client";
import { useProblemText } from "@/app/_trpc/use-problem-text";

interface DrainProps {
  readonly hostId: string;
  readonly name: string;
  readonly open: boolean;
  readonly onOpenChange: (open: boolean) => void;
}

/** Shows the plan as the planner makes it now: what goes where, how long about, and what cannot leave. */
export function DrainDialog(props: DrainProps) {
  const t = useTranslations("admin.hosts");
  return (
    <Dialog open={props.open} onOpenChange={props.onOpenChange} wide title={t("drainAsk", { name: props.name })} description={t("drainText")}>
      <Plan {...props} />
    </Dialog>
  );
}

function Plan({ hostId, onOpenChange }: DrainProps) {
  const t = useTranslations("admin.hosts");
  const common = useTranslations("common");
  const formats = useFormats();
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const say = useWords();
  const problem = useProblemText();
  const preview = useQuery(trpc.admin.hosts.previewDrain.queryOptions({ hostId }, { staleTime: 0 }));
  const drain = useMutation(
    trpc.admin.hosts.drain.mutationOptions({ onSuccess: () => onOpenChange(false), onSettled: () => queryClient.invalidateQueries(trpc.admin.hosts.pathFilter()) }),
  );
  return (
    <div className="grid gap-4 pb-1">
      <Loaded query={preview}>
        {(plan) => (
          <div className="grid gap-3">
            <p className="font-medium">{plan.moves.length === 0 && plan.blockers.length === 0 ? t("nothingToMove") : t("moves", { moving: plan.moves.length, duration: formats.duration(plan.seconds * 1000) })}</p>
            {plan.moves.length > 0 ? (
              <ul className="divide-y rounded-md border">
                {plan.moves.map((move) => (
                  <li key={move.instanceId} className="grid gap-0.5 px-3 py-2">
                    <span className="flex flex-wrap items-center gap-2">
                      <span className="font-medium">{move.instanceName}</span>
                      <ArrowRight aria-hidden className="size-3.5 text-muted" />
                      <span>{move.toHostName}</span>
                      <Badge tone={move.how === "live" ? "good" : "warn"}>{t(`how.${move.how}`)}</Badge>
                      <span className="ml-auto text-xs text-muted">{t("wave", { wave: move.wave, duration: formats.duration(move.seconds * 1000) })}{move.how === "live" ? ` · ${t("downtime", { duration: formats.duration(move.downtimeMs) })}` : ""}</span>
                    </span>
                    <span className="text-xs text-muted">{say(move.reasonWords, move.reason)}</span>
                  </li>
                ))}
              </ul>
            ) : null}
            {plan.blockers.length > 0 ? (
              <Notice kind="warn" title={t("blockers", { count: plan.blockers.length })}>
                <ul className="list-disc pl-4">
                  {plan.blockers.map((blocker) => (
                    <li key={blocker.instanceId}>{blocker.instanceName}: {say(blocker.words, blocker.text)}{blocker.smallestChange ? ` ${t("smallestChange", { change: say(blocker.changeWords, blocker.smallestChange) })}` : ""}</li>
                  ))}
                </ul>
              </Notice>
            ) : null}
            {plan.text ? <details className="text-xs text-muted"><summary className="w-fit hover:text-ink">{t("plannerWords")}</summary><p className="mt-1">{say(plan.words, plan.text)}</p></details> : null}
          </div>
        )}
      </Loaded>
      {drain.error ? <Notice kind="bad">{problem(drain.error)}</Notice> : null}
      <div className="flex justify-end gap-2">
        <Button onClick={() => onOpenChange(false)}>{common("cancel")}</Button>
        <Button variant="primary" busy={drain.isPending} disabled={!preview.data} onClick={() => drain.mutate({ hostId })}>{t("drain")}</Button>
      </div>
    </div>
  );
}
