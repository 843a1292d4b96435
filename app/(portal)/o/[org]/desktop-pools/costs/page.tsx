import type { Metadata } from "next";
import { getTranslations } from "next-intl/server";
import { Prefetched } from "@/app/_trpc/prefetched";
import { DesktopCosts } from "./desktop-costs";

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations("desktopPools.costs"))("title") };
}

export default async function DesktopCostsPage({ params }: { readonly params: Promise<{ org: string }> }) {
  const { org } = await params;
  return (
    <Prefetched queries={(trpc, client) => [client.prefetchQuery(trpc.desktopPools.costs.queryOptions({ organization: org }))]}>
      <DesktopCosts />
    </Prefetched>
  );
}
