import type { Metadata } from "next";
import { getTranslations } from "next-intl/server";
import { Prefetched } from "@/app/_trpc/prefetched";
import { DecisionList } from "./decision-list";

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations("nav"))("decisions") };
}

export default async function DecisionListPage({ searchParams }: { readonly searchParams: Promise<Record<string, string | string[] | undefined>> }) {
  // As most people open it; a filtered one is fetched by the browser.
  const plain = Object.keys(await searchParams).length === 0;
  return (
    <Prefetched queries={(trpc, client) => (plain ? [client.prefetchInfiniteQuery(trpc.admin.decisions.list.infiniteQueryOptions({ limit: 50 }, { getNextPageParam: (page) => page.nextCursor ?? undefined }))] : [])}>
      <DecisionList />
    </Prefetched>
  );
}
