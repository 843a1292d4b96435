import type { Metadata } from "next";
import { getTranslations } from "next-intl/server";
import { Prefetched } from "@/app/_trpc/prefetched";
import { PoolDetail } from "./pool-detail";

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations("nav"))("desktopPools") };
}

export default async function PoolDetailPage({ params }: { readonly params: Promise<{ org: string; pool: string }> }) {
  const { org, pool } = await params;
  return (
    <Prefetched queries={(trpc, client) => [client.prefetchQuery(trpc.desktopPools.get.queryOptions({ organization: org, poolId: pool })), client.prefetchQuery(trpc.desktopPools.desktops.queryOptions({ organization: org, poolId: pool }))]}>
      <PoolDetail poolId={pool} />
    </Prefetched>
  );
}
