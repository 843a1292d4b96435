import type { Metadata } from "next";
import { getTranslations } from "next-intl/server";
import { Prefetched } from "@/app/_trpc/prefetched";
import { CreatePool } from "./create-pool";

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations("desktopPools.form"))("title") };
}

export default async function CreatePoolPage({ params }: { readonly params: Promise<{ org: string }> }) {
  const { org } = await params;
  return (
    <Prefetched queries={(trpc, client) => [client.prefetchQuery(trpc.desktopPools.goldenVersions.queryOptions({ organization: org })), client.prefetchQuery(trpc.catalog.flavors.queryOptions({ organization: org })), client.prefetchQuery(trpc.catalog.prices.queryOptions({ organization: org }))]}>
      <CreatePool />
    </Prefetched>
  );
}
