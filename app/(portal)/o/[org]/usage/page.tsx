import type { Metadata } from "next";
import { getTranslations } from "next-intl/server";
import { Prefetched } from "@/app/_trpc/prefetched";
import { UsageOverview } from "./usage-overview";

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations("nav"))("usage") };
}

export default async function UsageOverviewPage({ params }: { readonly params: Promise<{ org: string }> }) {
  const { org } = await params;
  return (
    <Prefetched queries={(trpc, client) => [client.prefetchQuery(trpc.usage.summary.queryOptions({ organization: org })), client.prefetchQuery(trpc.quota.get.queryOptions({ organization: org })), client.prefetchInfiniteQuery(trpc.usage.windows.infiniteQueryOptions({ organization: org, limit: 25 }, { getNextPageParam: (page) => page.nextCursor ?? undefined }))]}>
      <UsageOverview />
    </Prefetched>
  );
}
