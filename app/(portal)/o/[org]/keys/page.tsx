import type { Metadata } from "next";
import { getTranslations } from "next-intl/server";
import { Prefetched } from "@/app/_trpc/prefetched";
import { KeyList } from "./key-list";

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations("nav"))("keys") };
}

export default async function KeyListPage({ params }: { readonly params: Promise<{ org: string }> }) {
  const { org } = await params;
  return (
    <Prefetched queries={(trpc, client) => [client.prefetchQuery(trpc.sshKeys.list.queryOptions({ organization: org }))]}>
      <KeyList />
    </Prefetched>
  );
}
