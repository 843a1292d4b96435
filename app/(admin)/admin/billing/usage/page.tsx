import type { Metadata } from "next";
import { getTranslations } from "next-intl/server";
import { Prefetched } from "@/app/_trpc/prefetched";
import { UsageCheck } from "./usage-check";

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations("adminMoney.tabs"))("usage") };
}

export default function UsageCheckPage() {
  return (
    <Prefetched queries={(trpc, client) => [client.prefetchQuery(trpc.admin.billing.periods.queryOptions()), client.prefetchQuery(trpc.admin.billing.drift.queryOptions()), client.prefetchQuery(trpc.admin.payments.standings.queryOptions())]}>
      <UsageCheck />
    </Prefetched>
  );
}
