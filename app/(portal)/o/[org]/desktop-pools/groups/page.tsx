import type { Metadata } from "next";
import { getTranslations } from "next-intl/server";
import { Prefetched } from "@/app/_trpc/prefetched";
import { Groups } from "./groups";

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations("desktopPools.groups"))("title") };
}

export default async function GroupsPage({ params }: { readonly params: Promise<{ org: string }> }) {
  const { org } = await params;
  return (
    <Prefetched queries={(trpc, client) => [client.prefetchQuery(trpc.desktopGroups.list.queryOptions({ organization: org }))]}>
      <Groups />
    </Prefetched>
  );
}
