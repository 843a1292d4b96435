"use client";

import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { ShieldCheck } from "lucide-react";
import { useTranslations } from "next-intl";
import { parseAsString, useQueryState } from "nuqs";
import { AuditTable } from "@/app/_components/audit-table";
import { SearchBox } from "@/app/_components/list-controls";
import { Loaded } from "@/app/_components/loaded";
import { PageHead } from "@/app/_components/page-head";
import { Button } from "@/app/_components/ui/button";
import { Card } from "@/app/_components/ui/card";
import { Notice } from "@/app/_components/ui/notice";
import { useFormats } from "@/app/_i18n/use-formats";
import { useTRPC } from "@/app/_trpc/client";
import { useProblemText } from "@/app/_trpc/use-problem-text";

export function AdminAudit() {
  const t = useTranslations("audit");
  const admin = useTranslations("admin.audit");
  const common = useTranslations("common");
  const formats = useFormats();
  const trpc = useTRPC();
  const problem = useProblemText();
  const [chain, setChain] = useQueryState("chain", parseAsString.withDefault(""));
  const query = useInfiniteQuery(trpc.admin.audit.list.infiniteQueryOptions({ limit: 50, ...(chain ? { chain } : {}) }, { getNextPageParam: (page) => page.nextCursor ?? undefined }));
  // Reads every entry of every chain: only when somebody asks.
  const verify = useQuery(trpc.admin.audit.verify.queryOptions(undefined, { enabled: false, retry: false }));
  return (
    <>
      <PageHead
        title={t("title")}
        description={t("description")}
        actions={<Button busy={verify.isFetching} onClick={() => void verify.refetch()}><ShieldCheck aria-hidden />{admin("verify")}</Button>}
      />
      <div className="mb-3 grid gap-3">
        {verify.data ? (
          verify.data.ok ? (
            <Notice kind="good" title={admin("ok")}>{admin("okText", { chains: verify.data.chains.length, entries: formats.number(verify.data.chains.reduce((sum, one) => sum + one.entries, 0)) })}</Notice>
          ) : (
            <Notice kind="bad" title={admin("broken")}>{verify.data.firstBroken?.message}</Notice>
          )
        ) : null}
        {verify.error ? <Notice kind="bad">{problem(verify.error)}</Notice> : null}
        <SearchBox label={admin("chain")} value={chain} onChange={(value) => void setChain(value || null)} />
      </div>
      <Card>
        <Loaded query={query}>{(data) => <AuditTable withChain entries={data.pages.flatMap((page) => page.items)} />}</Loaded>
        {query.hasNextPage ? <div className="border-t p-2 text-center"><Button variant="ghost" busy={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>{common("more")}</Button></div> : null}
      </Card>
    </>
  );
}
