import type { Metadata } from "next";
import { getTranslations } from "next-intl/server";
import { Prefetched } from "@/app/_trpc/prefetched";
import { HostDetail } from "./host-detail";

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations("nav"))("hosts") };
}

export default async function HostDetailPage({ params }: { readonly params: Promise<{ id: string }> }) {
  const { id } = await params;
  return (
    <Prefetched queries={(trpc, client) => [client.prefetchQuery(trpc.admin.hosts.get.queryOptions({ hostId: id }))]}>
      <HostDetail hostId={id} />
    </Prefetched>
  );
}
