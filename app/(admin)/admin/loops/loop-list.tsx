"use client";

import { useQuery } from "@tanstack/react-query";
import { Repeat2 } from "lucide-react";
import { useMessages, useTranslations } from "next-intl";
import { Loaded } from "@/app/_components/loaded";
import { PageHead } from "@/app/_components/page-head";
import { TimeAgo } from "@/app/_components/time-ago";
import { Badge } from "@/app/_components/ui/badge";
import { Card } from "@/app/_components/ui/card";
import { EmptyState } from "@/app/_components/ui/empty-state";
import { Table, Td, Th, Tr } from "@/app/_components/ui/table";
import { useFormats } from "@/app/_i18n/use-formats";
import { useTRPC } from "@/app/_trpc/client";

export function LoopList() {
  const t = useTranslations("admin.loops");
  const nav = useTranslations("nav");
  const common = useTranslations("common");
  const formats = useFormats();
  const { does } = useMessages().admin.loops;
  // A worker of another version may run a loop that has no words here.
  const isKnown = (name: string): name is keyof typeof does => Object.hasOwn(does, name);
  const trpc = useTRPC();
  const query = useQuery(trpc.admin.loops.list.queryOptions());
  return (
    <>
      <PageHead title={nav("loops")} description={t("description")} />
      <Card>
        <Loaded query={query}>
          {(loops) =>
            loops.length === 0 ? (
              <EmptyState icon={Repeat2} title={t("empty")}>{t("emptyText")}</EmptyState>
            ) : (
              <Table label={nav("loops")}>
                <thead><tr><Th>{common("name")}</Th><Th>{common("status")}</Th><Th>{t("lastRun")}</Th><Th right>{t("duration")}</Th><Th right>{t("backlog")}</Th><Th right className="hidden sm:table-cell">{t("runs")}</Th><Th className="hidden lg:table-cell">{t("worker")}</Th></tr></thead>
                <tbody>
                  {loops.map((loop) => {
                    // An error is news until a later pass went well: errorAt is the end of the pass that failed.
                    const failing = loop.lastErrorAt !== null && loop.lastFinishedAt !== null && loop.lastErrorAt >= loop.lastFinishedAt;
                    return (
                      <Tr key={loop.name}>
                        <Td className="min-w-56 align-top">
                          <span className="font-mono text-xs font-medium">{loop.name}</span>
                          {isKnown(loop.name) ? <p className="max-w-md text-xs text-muted">{t(`does.${loop.name}`)}</p> : null}
                          {loop.lastError ? <details className="mt-1 max-w-md text-xs text-muted"><summary>{t("lastError")} {loop.lastErrorAt ? <TimeAgo at={loop.lastErrorAt} /> : null}</summary><p className="mt-1 break-words text-bad">{loop.lastError}</p></details> : null}
                        </Td>
                        <Td className="align-top"><Badge tone={failing ? "bad" : loop.alive ? "good" : "neutral"} dot>{failing ? t("failing") : loop.alive ? t("alive") : t("idle")}</Badge></Td>
                        <Td className="align-top whitespace-nowrap"><TimeAgo at={loop.lastStartedAt} /></Td>
                        <Td right className="align-top">{loop.lastDurationMs === null ? "–" : formats.duration(loop.lastDurationMs)}</Td>
                        <Td right className="align-top">{formats.number(loop.backlog)}</Td>
                        <Td right className="hidden align-top sm:table-cell">{formats.number(loop.runs)}{loop.failures > 0 ? <span className="block text-xs text-muted">{t("failures", { count: loop.failures })}</span> : null}</Td>
                        <Td className="hidden align-top font-mono text-tiny text-muted lg:table-cell">{loop.worker}</Td>
                      </Tr>
                    );
                  })}
                </tbody>
              </Table>
            )
          }
        </Loaded>
      </Card>
    </>
  );
}
