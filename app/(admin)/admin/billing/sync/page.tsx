import type { Metadata } from "next";
import { getTranslations } from "next-intl/server";
import { Prefetched } from "@/app/_trpc/prefetched";
import { SyncState } from "./sync-state";

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations("adminMoney.tabs"))("sync") };
}

export default function SyncPage() {
  return (
    <Prefetched queries={(trpc, client) => [client.prefetchQuery(trpc.admin.payments.syncState.queryOptions())]}>
      <SyncState />
    </Prefetched>
  );
}
