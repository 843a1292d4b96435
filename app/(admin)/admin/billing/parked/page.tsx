import type { Metadata } from "next";
import { getTranslations } from "next-intl/server";
import { Prefetched } from "@/app/_trpc/prefetched";
import { ParkedList } from "./parked-list";

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations("adminMoney.tabs"))("parked") };
}

export default function ParkedPage() {
  return (
    <Prefetched queries={(trpc, client) => [client.prefetchQuery(trpc.admin.billing.parkedInvoices.queryOptions()), client.prefetchQuery(trpc.admin.payments.standings.queryOptions())]}>
      <ParkedList />
    </Prefetched>
  );
}
