import type { Metadata } from "next";
import { getTranslations } from "next-intl/server";
import { Prefetched } from "@/app/_trpc/prefetched";
import { CreateInstance } from "./create-instance";

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations("create"))("title") };
}

export default async function CreateInstancePage({ params }: { readonly params: Promise<{ org: string }> }) {
  const { org } = await params;
  return (
    <Prefetched queries={(trpc, client) => [client.prefetchQuery(trpc.catalog.flavors.queryOptions({ organization: org })), client.prefetchQuery(trpc.catalog.prices.queryOptions({ organization: org })), client.prefetchQuery(trpc.quota.get.queryOptions({ organization: org })), client.prefetchQuery(trpc.images.list.queryOptions({ organization: org })), client.prefetchQuery(trpc.sshKeys.list.queryOptions({ organization: org }))]}>
      <CreateInstance />
    </Prefetched>
  );
}
