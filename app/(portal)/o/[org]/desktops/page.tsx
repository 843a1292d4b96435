import type { Metadata } from "next";
import { getTranslations } from "next-intl/server";
import { Prefetched } from "@/app/_trpc/prefetched";
import { MyDesktops } from "./my-desktops";

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations("nav"))("desktops") };
}

export default async function MyDesktopsPage({ params }: { readonly params: Promise<{ org: string }> }) {
  const { org } = await params;
  return (
    <Prefetched queries={(trpc, client) => [client.prefetchQuery(trpc.desktops.mine.queryOptions({ organization: org }))]}>
      <MyDesktops />
    </Prefetched>
  );
}
