import type { Metadata } from "next";
import { getTranslations } from "next-intl/server";
import { Prefetched } from "@/app/_trpc/prefetched";
import { DifferenceList } from "./difference-list";

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations("adminMoney.tabs"))("reconciliation") };
}

export default function ReconciliationPage() {
  return (
    <Prefetched queries={(trpc, client) => [client.prefetchQuery(trpc.admin.payments.differences.queryOptions()), client.prefetchQuery(trpc.admin.payments.standings.queryOptions())]}>
      <DifferenceList />
    </Prefetched>
  );
}
