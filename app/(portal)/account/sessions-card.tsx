"use client";

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useTranslations } from "next-intl";
import { Loaded } from "@/app/_components/loaded";
import { TimeAgo } from "@/app/_components/time-ago";
import { Badge } from "@/app/_components/ui/badge";
import { Button } from "@/app/_components/ui/button";
import { Card, CardHead } from "@/app/_components/ui/card";
import { useTRPC } from "@/app/_trpc/client";
import { useProblemToast } from "@/app/_trpc/use-problem-text";

/** The browser's name out of its long line; the whole line on hover. */
function browserName(userAgent: string | null): string | null {
  return userAgent?.match(/(Firefox|Edg|OPR|Chrome|Safari|curl)\/[\d.]+/)?.[0].replace("Edg/", "Edge/").replace("OPR/", "Opera/") ?? userAgent?.slice(0, 40) ?? null;
}

export function SessionsCard() {
  const t = useTranslations("account");
  const common = useTranslations("common");
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const onError = useProblemToast();
  const onSettled = (): Promise<void> => queryClient.invalidateQueries(trpc.account.sessions.pathFilter());
  const query = useQuery(trpc.account.sessions.queryOptions());
  const revoke = useMutation(trpc.account.revokeSession.mutationOptions({ onError, onSettled }));
  const revokeOthers = useMutation(trpc.account.revokeOtherSessions.mutationOptions({ onError, onSettled }));
  return (
    <Card>
      <CardHead
        title={t("sessions")}
        description={t("sessionsText")}
        actions={
          query.data && query.data.length > 1 ? (
            <Button size="sm" busy={revokeOthers.isPending} onClick={() => revokeOthers.mutate({})}>{t("endOthers")}</Button>
          ) : null
        }
      />
      <Loaded query={query}>
        {(sessions) => (
          <ul className="divide-y">
            {sessions.map((session) => (
              <li key={session.id} className="flex flex-wrap items-center justify-between gap-3 px-4 py-2.5">
                <span className="grid" title={session.userAgent ?? undefined}>
                  <span className="flex items-center gap-2 font-medium">
                    {browserName(session.userAgent) ?? common("unknown")}
                    {session.current ? <Badge tone="good">{t("thisSession")}</Badge> : null}
                  </span>
                  <span className="text-xs text-muted">
                    {session.ipAddress ?? "–"} · {t("lastSeen")} <TimeAgo at={session.lastSeenAt} />
                  </span>
                </span>
                {session.current ? null : (
                  <Button size="sm" busy={revoke.isPending && revoke.variables.id === session.id} onClick={() => revoke.mutate({ id: session.id })}>{t("end")}</Button>
                )}
              </li>
            ))}
          </ul>
        )}
      </Loaded>
    </Card>
  );
}
