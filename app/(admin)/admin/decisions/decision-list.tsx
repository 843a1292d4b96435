"use client";

import { useInfiniteQuery } from "@tanstack/react-query";
import { GitBranch } from "lucide-react";
import { useTranslations } from "next-intl";
import Link from "next/link";
import { parseAsString, parseAsStringLiteral, useQueryStates } from "nuqs";
import { SearchBox } from "@/app/_components/list-controls";
import { Loaded } from "@/app/_components/loaded";
import { PageHead } from "@/app/_components/page-head";
import { TimeAgo } from "@/app/_components/time-ago";
import { Badge } from "@/app/_components/ui/badge";
import { Button } from "@/app/_components/ui/button";
import { Card } from "@/app/_components/ui/card";
import { EmptyState } from "@/app/_components/ui/empty-state";
import { Select } from "@/app/_components/ui/field";
import { Table, Td, Th, Tr } from "@/app/_components/ui/table";
import { useWords } from "@/app/_components/use-words";
import { useTRPC } from "@/app/_trpc/client";
import { OutcomeBadge } from "./decision-badge";

const KINDS = ["place", "refuse", "migrate", "evacuate", "failover", "fence", "resize", "rebalance", "consolidate", "sleep", "wake"] as const;

export function DecisionList() {
  const t = useTranslations("admin.decisions");
  const nav = useTranslations("nav");
  const common = useTranslations("common");
  const trpc = useTRPC();
  const say = useWords();
  const [state, setState] = useQueryStates({ kind: parseAsStringLiteral(KINDS), about: parseAsString.withDefault("") });
  const about = state.about.startsWith("hst_") ? { hostId: state.about } : state.about ? { instanceId: state.about } : {};
  const query = useInfiniteQuery(
    trpc.admin.decisions.list.infiniteQueryOptions({ limit: 50, ...(state.kind ? { kind: state.kind } : {}), ...about }, { getNextPageParam: (page) => page.nextCursor ?? undefined }),
  );
  return (
    <>
      <PageHead title={nav("decisions")} description={t("description")} />
      <div className="mb-3 flex flex-wrap gap-2">
        <SearchBox label={t("about")} value={state.about} onChange={(value) => void setState({ about: value || null })} />
        <Select aria-label={t("kind")} value={state.kind ?? ""} onChange={(event) => void setState({ kind: KINDS.find((kind) => kind === event.target.value) ?? null })}>
          <option value="">{t("anyKind")}</option>
          {KINDS.map((kind) => <option key={kind} value={kind}>{t(`kinds.${kind}`)}</option>)}
        </Select>
      </div>
      <Card>
        <Loaded query={query}>
          {(data) => {
            const items = data.pages.flatMap((page) => page.items);
            if (items.length === 0) return <EmptyState icon={GitBranch} title={t("empty")}>{t("emptyText")}</EmptyState>;
            return (
              <Table label={nav("decisions")}>
                <thead><tr><Th>{t("kind")}</Th><Th>{t("reason")}</Th><Th>{t("outcome")}</Th><Th className="hidden sm:table-cell">{t("at")}</Th></tr></thead>
                <tbody>
                  {items.map((decision) => (
                    <Tr key={decision.id}>
                      <Td><Badge>{t(`kinds.${decision.kind}`)}</Badge></Td>
                      <Td><Link href={`/admin/decisions/${decision.id}`} className="hover:text-accent hover:underline">{say(decision.reasonWords, decision.reason)}</Link></Td>
                      <Td><OutcomeBadge outcome={decision.outcome} /></Td>
                      <Td className="hidden whitespace-nowrap text-muted sm:table-cell"><TimeAgo at={decision.createdAt} /></Td>
                    </Tr>
                  ))}
                </tbody>
              </Table>
            );
          }}
        </Loaded>
        {query.hasNextPage ? <div className="border-t p-2 text-center"><Button variant="ghost" busy={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>{common("more")}</Button></div> : null}
      </Card>
    </>
  );
}
