import type { Metadata } from "next";
import { getTranslations } from "next-intl/server";
import { Prefetched } from "@/app/_trpc/prefetched";
import { NetworkList } from "./network-list";

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations("nav"))("networks") };
}

export default async function NetworkListPage({ params }: { readonly params: Promise<{ org: string }> }) {
  const { org } = await params;
  return (
    <Prefetched queries={(trpc, client) => [client.prefetchQuery(trpc.networks.list.queryOptions({ organization: org }))]}>
      <NetworkList />
    </Prefetched>
  );
}
