import type { Metadata } from "next";
import { getTranslations } from "next-intl/server";
import { Prefetched } from "@/app/_trpc/prefetched";
import { Catalog } from "./catalog";

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations("nav"))("catalog") };
}

export default function CatalogPage() {
  return (
    <Prefetched queries={(trpc, client) => [client.prefetchQuery(trpc.admin.catalog.flavors.queryOptions()), client.prefetchQuery(trpc.admin.catalog.prices.queryOptions()), client.prefetchQuery(trpc.admin.catalog.images.queryOptions())]}>
      <Catalog />
    </Prefetched>
  );
}
