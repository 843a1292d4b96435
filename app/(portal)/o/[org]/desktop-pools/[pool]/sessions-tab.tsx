"use client";

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { ScrollText } from "lucide-react";
import { useTranslations } from "next-intl";
import { useState } from "react";
import type { RouterOutputs } from "@/server/api/root";
import { Confirm } from "@/app/_components/confirm";
import { Loaded } from "@/app/_components/loaded";
import { useOrganization } from "@/app/_components/shell/viewer";
import { TimeAgo } from "@/app/_components/time-ago";
import { Badge } from "@/app/_components/ui/badge";
import { Button } from "@/app/_components/ui/button";
import { Card, CardHead } from "@/app/_components/ui/card";
import { Table, Td, Th, Tr } from "@/app/_components/ui/table";
import { useFormats } from "@/app/_i18n/use-formats";
import { useTRPC } from "@/app/_trpc/client";
import { EventsDialog } from "./events-dialog";

type Session = RouterOutputs["desktopPools"]["sessions"]["items"][number];
const REASONS = ["logged-off", "ended-by-admin", "idle", "session-limit", "new-version", "pool-deleted", "right-removed", "machine-deleted", "reset", "desktop-failed"] as const;

/** Who uses the pool now, and who did. */
export function SessionsTab({ poolId }: { readonly poolId: string }) {
  const t = useTranslations("desktopPools.sessions");
  const { slug: organization, may } = useOrganization();
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const [ending, setEnding] = useState<Session | null>(null);
  const [reading, setReading] = useState<Session | null>(null);
  const onEvents = may("admin") ? setReading : null;
  const query = useQuery(trpc.desktopPools.sessions.queryOptions({ organization, poolId }));
  const end = useMutation(trpc.desktopPools.endSession.mutationOptions({ onSettled: () => queryClient.invalidateQueries(trpc.desktopPools.pathFilter()) }));
  return (
    <Loaded query={query}>
      {({ items }) => {
        const now = items.filter((one) => one.endedAt === null);
        const past = items.filter((one) => one.endedAt !== null);
        return (
          <div className="grid gap-4">
            <Card>
              <CardHead title={t("now")} />
              {now.length === 0 ? <p className="p-4 text-muted">{t("none")}</p> : <SessionTable label={t("now")} items={now} onEnd={may("admin") ? setEnding : null} onEvents={onEvents} />}
            </Card>
            <Card>
              <CardHead title={t("history")} />
              {past.length === 0 ? <p className="p-4 text-muted">{t("noHistory")}</p> : <SessionTable label={t("history")} items={past} onEnd={null} onEvents={onEvents} />}
            </Card>
            {reading ? <EventsDialog session={reading} onClose={() => setReading(null)} /> : null}
            <Confirm
              open={ending !== null}
              onOpenChange={(open) => setEnding(open ? ending : null)}
              title={t("endAsk", { name: ending?.userName ?? "" })}
              description={t("endText")}
              action={t("end")}
              danger
              onConfirm={() => (ending ? end.mutateAsync({ organization, sessionId: ending.id }) : Promise.resolve())}
            />
          </div>
        );
      }}
    </Loaded>
  );
}

interface SessionTableProps {
  readonly label: string;
  readonly items: readonly Session[];
  readonly onEnd: ((session: Session) => void) | null;
  readonly onEvents: ((session: Session) => void) | null;
}

function SessionTable({ label, items, onEnd, onEvents }: SessionTableProps) {
  const t = useTranslations("desktopPools.sessions");
  const common = useTranslations("common");
  const { duration } = useFormats();
  return (
    <Table label={label}>
      <thead>
        <tr>
          <Th>{t("person")}</Th>
          <Th>{t("desktop")}</Th>
          <Th className="hidden md:table-cell">{t("given")}</Th>
          <Th className="hidden sm:table-cell">{t("opened")}</Th>
          <Th right>{t("waited")}</Th>
          <Th>{onEnd === null ? t("ended") : <span className="sr-only">{common("actions")}</span>}</Th>
          {onEvents ? <Th><span className="sr-only">{t("events")}</span></Th> : null}
        </tr>
      </thead>
      <tbody>
        {items.map((session) => {
          const reason = REASONS.find((name) => name === session.endReason);
          return (
            <Tr key={session.id}>
              <Td>
                {session.userName}
                <span className="block text-xs text-muted">{session.userEmail}</span>
              </Td>
              <Td>{session.desktopName ?? "–"}</Td>
              <Td className="hidden text-muted md:table-cell">{t(`givenAs.${session.given}`)}</Td>
              <Td className="hidden whitespace-nowrap text-muted sm:table-cell"><TimeAgo at={session.askedAt} /></Td>
              <Td right>{session.readyAt ? duration(Math.max(0, session.readyAt.getTime() - session.askedAt.getTime())) : session.endedAt ? "–" : <Badge tone="warn" dot="moving">{t("waits")}</Badge>}</Td>
              <Td className={onEnd ? "w-10 text-right" : undefined}>
                {session.endedAt ? (
                  <>
                    <TimeAgo at={session.endedAt} className="whitespace-nowrap" />
                    <span className="block text-xs text-muted">{t(`reasons.${reason ?? "other"}`)}</span>
                  </>
                ) : onEnd ? (
                  <Button size="sm" aria-label={`${t("end")}: ${session.userName}`} onClick={() => onEnd(session)}>{t("end")}</Button>
                ) : null}
              </Td>
              {onEvents ? (
                <Td className="w-10 text-right">
                  <Button variant="ghost" size="iconSm" aria-label={`${t("events")}: ${session.userName}`} title={t("events")} onClick={() => onEvents(session)}><ScrollText aria-hidden /></Button>
                </Td>
              ) : null}
            </Tr>
          );
        })}
      </tbody>
    </Table>
  );
}
