"use client";

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { ArrowRight } from "lucide-react";
import { useTranslations } from "next-intl";
import { z } from "zod";
import { Loaded } from "@/app/_components/loaded";
import { TimeAgo } from "@/app/_components/time-ago";
import { Badge } from "@/app/_components/ui/badge";
import { Button } from "@/app/_components/ui/button";
import { Card, CardHead } from "@/app/_components/ui/card";
import { Notice } from "@/app/_components/ui/notice";
import { useWords } from "@/app/_components/use-words";
import { useFormats } from "@/app/_i18n/use-formats";
import { useTRPC } from "@/app/_trpc/client";
import { useProblemText } from "@/app/_trpc/use-problem-text";

const SHOWN = 6;
const MOVES_SHOWN = 12;
/** Plans are kept as the loop made them; what a screen can show of one is read leniently. */
const shownPlan = z.object({ moves: z.array(z.object({ instanceId: z.string(), name: z.string(), from: z.string(), to: z.string(), seconds: z.number(), downtimeMs: z.number() })) });

interface AdviceProps {
  readonly clusterId: string;
  readonly editable: boolean;
}

/** Plans that wait for a word, with every move in them; and what became of the last ones. */
export function AdviceList({ clusterId, editable }: AdviceProps) {
  const t = useTranslations("admin.automation");
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const problem = useProblemText();
  const say = useWords();
  const advice = useQuery(trpc.admin.automation.advice.queryOptions({ clusterId }));
  const onSettled = (): Promise<void> => queryClient.invalidateQueries(trpc.admin.automation.pathFilter());
  const accept = useMutation(trpc.admin.automation.acceptAdvice.mutationOptions({ onSettled }));
  const dismiss = useMutation(trpc.admin.automation.dismissAdvice.mutationOptions({ onSettled }));
  const error = accept.error ?? dismiss.error;
  return (
    <Card>
      <CardHead title={t("plans")} description={t("plansText")} />
      {error ? <Notice kind="bad" className="m-4">{problem(error)}</Notice> : null}
      <Loaded query={advice}>
        {(rows) => rows.length === 0 ? <p className="p-4 text-muted">{t("noAdvice")}</p> : (
          <ul className="divide-y">
            {rows.slice(0, SHOWN).map((row) => (
              <li key={row.id} className="grid gap-2 px-4 py-3">
                <span className="flex flex-wrap items-center gap-2">
                  <Badge tone={row.state === "open" ? "warn" : row.state === "applied" ? "good" : "neutral"}>{t(`kinds.${row.kind}`)}</Badge>
                  <span className="text-xs text-muted">{t(`states.${row.state}`)} · <TimeAgo at={row.createdAt} /></span>
                </span>
                <span>{say(row.reasonWords, row.reason)}</span>
                {row.state === "open" ? <Moves plan={row.plan} /> : null}
                {row.state === "open" && editable ? (
                  <span className="flex gap-2">
                    <Button variant="primary" size="sm" busy={accept.isPending} onClick={() => accept.mutate({ adviceId: row.id })}>{t("accept")}</Button>
                    <Button size="sm" busy={dismiss.isPending} onClick={() => dismiss.mutate({ adviceId: row.id })}>{t("dismiss")}</Button>
                  </span>
                ) : null}
              </li>
            ))}
          </ul>
        )}
      </Loaded>
    </Card>
  );
}

function Moves({ plan }: { readonly plan: Readonly<Record<string, unknown>> }) {
  const t = useTranslations("admin.automation");
  const formats = useFormats();
  const read = shownPlan.safeParse(plan);
  if (!read.success || read.data.moves.length === 0) return null;
  const { moves } = read.data;
  return (
    <ul className="grid gap-1 text-xs">
      {moves.slice(0, MOVES_SHOWN).map((move) => (
        <li key={move.instanceId} className="flex flex-wrap items-center gap-1.5">
          <span className="font-medium">{move.name}</span>
          <span className="inline-flex items-center gap-1 text-muted">{move.from}<ArrowRight aria-hidden className="size-3" />{move.to}</span>
          <span className="ml-auto text-muted">{t("moveFigures", { duration: formats.duration(move.seconds * 1_000), pause: formats.duration(move.downtimeMs) })}</span>
        </li>
      ))}
      {moves.length > MOVES_SHOWN ? <li className="text-muted">{t("moreMoves", { count: moves.length - MOVES_SHOWN })}</li> : null}
    </ul>
  );
}
