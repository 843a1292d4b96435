"use client";

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useTranslations } from "next-intl";
import { Loaded } from "@/app/_components/loaded";
import { TimeAgo } from "@/app/_components/time-ago";
import { Badge } from "@/app/_components/ui/badge";
import { Button } from "@/app/_components/ui/button";
import { Card, CardHead } from "@/app/_components/ui/card";
import { Select } from "@/app/_components/ui/field";
import { Notice } from "@/app/_components/ui/notice";
import { useTRPC } from "@/app/_trpc/client";
import { useProblemText } from "@/app/_trpc/use-problem-text";

const MODES = ["off", "advise", "automatic"] as const;
const SHOWN = 6;

interface AdviceProps {
  readonly clusterId: string;
  readonly editable: boolean;
}

/** What the cluster does by itself, and the plans that wait for a word. */
export function AdviceList({ clusterId, editable }: AdviceProps) {
  const t = useTranslations("admin.automation");
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const problem = useProblemText();
  const settings = useQuery(trpc.admin.automation.get.queryOptions({ clusterId }));
  const advice = useQuery(trpc.admin.automation.advice.queryOptions({ clusterId }));
  const onSettled = (): Promise<void> => queryClient.invalidateQueries(trpc.admin.automation.pathFilter());
  const update = useMutation(trpc.admin.automation.update.mutationOptions({ onSettled }));
  const accept = useMutation(trpc.admin.automation.acceptAdvice.mutationOptions({ onSettled }));
  const dismiss = useMutation(trpc.admin.automation.dismissAdvice.mutationOptions({ onSettled }));
  const error = update.error ?? accept.error ?? dismiss.error;
  return (
    <Card>
      <CardHead title={t("title")} description={t("text")} />
      <div className="grid gap-4 p-4">
        <Loaded query={settings}>
          {(now) => (
            <div className="grid gap-4 sm:grid-cols-2">
              {(["rebalance", "consolidate"] as const).map((what) => (
                <label key={what} className="grid gap-1">
                  <span className="font-medium">{t(what)}</span>
                  <Select value={now[what]} disabled={!editable || update.isPending} onChange={(event) => {
                    const mode = MODES.find((one) => one === event.target.value);
                    if (mode) update.mutate({ clusterId, [what]: mode });
                  }}>
                    {MODES.map((mode) => <option key={mode} value={mode}>{t(`modes.${mode}`)}</option>)}
                  </Select>
                  <span className="text-xs text-muted">{t(`${what}Text`)}</span>
                </label>
              ))}
            </div>
          )}
        </Loaded>
        {error ? <Notice kind="bad">{problem(error)}</Notice> : null}
        <Loaded query={advice}>
          {(rows) => rows.length === 0 ? <p className="text-muted">{t("noAdvice")}</p> : (
            <ul className="divide-y rounded-md border">
              {rows.slice(0, SHOWN).map((row) => (
                <li key={row.id} className="grid gap-2 px-4 py-3">
                  <span className="flex flex-wrap items-center gap-2">
                    <Badge tone={row.state === "open" ? "warn" : row.state === "applied" ? "good" : "neutral"}>{t(`kinds.${row.kind}`)}</Badge>
                    <span className="text-xs text-muted">{t(`states.${row.state}`)} · <TimeAgo at={row.createdAt} /></span>
                  </span>
                  <span>{row.reason}</span>
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
      </div>
    </Card>
  );
}
