import type { Metadata } from "next";
import { getTranslations } from "next-intl/server";
import { Prefetched } from "@/app/_trpc/prefetched";
import { MemberList } from "./member-list";

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations("nav"))("members") };
}

export default async function MemberListPage({ params }: { readonly params: Promise<{ org: string }> }) {
  const { org } = await params;
  return (
    <Prefetched queries={(trpc, client) => [client.prefetchInfiniteQuery(trpc.members.list.infiniteQueryOptions({ organization: org, limit: 50 }, { getNextPageParam: (page) => page.nextCursor ?? undefined }))]}>
      <MemberList />
    </Prefetched>
  );
}
