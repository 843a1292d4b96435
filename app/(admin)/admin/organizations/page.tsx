import type { Metadata } from "next";
import { getTranslations } from "next-intl/server";
import { Prefetched } from "@/app/_trpc/prefetched";
import { OrganizationList } from "./organization-list";

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations("nav"))("organizations") };
}

export default function OrganizationListPage() {
  return (
    <Prefetched queries={(trpc, client) => [client.prefetchInfiniteQuery(trpc.admin.organizations.list.infiniteQueryOptions({ limit: 50 }, { getNextPageParam: (page) => page.nextCursor ?? undefined }))]}>
      <OrganizationList />
    </Prefetched>
  );
}
