import type { Metadata } from "next";
import { getTranslations } from "next-intl/server";
import { Prefetched } from "@/app/_trpc/prefetched";
import { PriceBook } from "./price-book";

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations("nav"))("prices") };
}

export default function PriceBookPage() {
  return (
    <Prefetched queries={(trpc, client) => [client.prefetchQuery(trpc.admin.catalog.prices.queryOptions()), client.prefetchQuery(trpc.admin.catalog.flavors.queryOptions())]}>
      <PriceBook />
    </Prefetched>
  );
}
