import type { Metadata } from "next";
import { getTranslations } from "next-intl/server";
import { Prefetched } from "@/app/_trpc/prefetched";
import { PoolList } from "./pool-list";

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations("nav"))("desktopPools") };
}

export default async function PoolListPage({ params }: { readonly params: Promise<{ org: string }> }) {
  const { org } = await params;
  return (
    <Prefetched queries={(trpc, client) => [client.prefetchQuery(trpc.desktopPools.list.queryOptions({ organization: org }))]}>
      <PoolList />
    </Prefetched>
  );
}
