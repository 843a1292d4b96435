import type { Metadata } from "next";
import { getTranslations } from "next-intl/server";
import { Prefetched } from "@/app/_trpc/prefetched";
import { ImageList } from "./image-list";

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations("nav"))("images") };
}

export default async function ImageListPage({ params }: { readonly params: Promise<{ org: string }> }) {
  const { org } = await params;
  return (
    <Prefetched queries={(trpc, client) => [client.prefetchQuery(trpc.images.list.queryOptions({ organization: org }))]}>
      <ImageList />
    </Prefetched>
  );
}
