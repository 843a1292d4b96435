import type { Metadata } from "next";
import { getTranslations } from "next-intl/server";
import { Prefetched } from "@/app/_trpc/prefetched";
import { AuditTrail } from "./audit-trail";

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations("nav"))("audit") };
}

export default async function AuditTrailPage({ params, searchParams }: { readonly params: Promise<{ org: string }>; readonly searchParams: Promise<Record<string, string | string[] | undefined>> }) {
  const { org } = await params;
  // As most people open it; a filtered one is fetched by the browser.
  const plain = Object.keys(await searchParams).length === 0;
  return (
    <Prefetched queries={(trpc, client) => (plain ? [client.prefetchInfiniteQuery(trpc.audit.list.infiniteQueryOptions({ organization: org, limit: 50 }, { getNextPageParam: (page) => page.nextCursor ?? undefined }))] : [])}>
      <AuditTrail />
    </Prefetched>
  );
}
