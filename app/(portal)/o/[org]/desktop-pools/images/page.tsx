import type { Metadata } from "next";
import { getTranslations } from "next-intl/server";
import { Prefetched } from "@/app/_trpc/prefetched";
import { GoldenImages } from "./golden-images";

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations("desktopPools.images"))("title") };
}

export default async function GoldenImagesPage({ params }: { readonly params: Promise<{ org: string }> }) {
  const { org } = await params;
  return (
    <Prefetched queries={(trpc, client) => [client.prefetchQuery(trpc.desktopPools.goldenVersions.queryOptions({ organization: org }))]}>
      <GoldenImages />
    </Prefetched>
  );
}
