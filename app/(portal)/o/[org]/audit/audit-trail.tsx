"use client";

import { useInfiniteQuery } from "@tanstack/react-query";
import { useTranslations } from "next-intl";
import { parseAsString, useQueryState } from "nuqs";
import { AuditTable } from "@/app/_components/audit-table";
import { SearchBox } from "@/app/_components/list-controls";
import { Loaded } from "@/app/_components/loaded";
import { PageHead } from "@/app/_components/page-head";
import { useOrganization } from "@/app/_components/shell/viewer";
import { Button } from "@/app/_components/ui/button";
import { Card } from "@/app/_components/ui/card";
import { useTRPC } from "@/app/_trpc/client";

export function AuditTrail() {
  const t = useTranslations("audit");
  const common = useTranslations("common");
  const { slug: organization } = useOrganization();
  const trpc = useTRPC();
  const [target, setTarget] = useQueryState("target", parseAsString.withDefault(""));
  const query = useInfiniteQuery(
    trpc.audit.list.infiniteQueryOptions({ organization, limit: 50, ...(target ? { targetId: target } : {}) }, { getNextPageParam: (page) => page.nextCursor ?? undefined }),
  );
  return (
    <>
      <PageHead title={t("title")} description={t("description")} />
      <div className="mb-3">
        <SearchBox label={t("searchTarget")} value={target} onChange={(value) => void setTarget(value || null)} />
      </div>
      <Card>
        <Loaded query={query}>{(data) => <AuditTable entries={data.pages.flatMap((page) => page.items)} />}</Loaded>
        {query.hasNextPage ? (
          <div className="border-t p-2 text-center">
            <Button variant="ghost" busy={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>{common("more")}</Button>
          </div>
        ) : null}
      </Card>
    </>
  );
}
