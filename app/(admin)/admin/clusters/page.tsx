import type { Metadata } from "next";
import { getTranslations } from "next-intl/server";
import { Prefetched } from "@/app/_trpc/prefetched";
import { ClusterList } from "./cluster-list";

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations("nav"))("clusters") };
}

export default function ClusterListPage() {
  return (
    <Prefetched queries={(trpc, client) => [client.prefetchQuery(trpc.admin.clusters.list.queryOptions())]}>
      <ClusterList />
    </Prefetched>
  );
}
