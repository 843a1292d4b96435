import type { Metadata } from "next";
import { getTranslations } from "next-intl/server";
import { Prefetched } from "@/app/_trpc/prefetched";
import { ClusterDetail } from "./cluster-detail";

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations("nav"))("clusters") };
}

export default async function ClusterDetailPage({ params }: { readonly params: Promise<{ id: string }> }) {
  const { id } = await params;
  return (
    <Prefetched queries={(trpc, client) => [client.prefetchQuery(trpc.admin.clusters.get.queryOptions({ clusterId: id }))]}>
      <ClusterDetail clusterId={id} />
    </Prefetched>
  );
}
