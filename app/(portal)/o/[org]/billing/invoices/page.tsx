import type { Metadata } from "next";
import { getTranslations } from "next-intl/server";
import { Prefetched } from "@/app/_trpc/prefetched";
import { InvoiceList } from "./invoice-list";

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations("money.tabs"))("invoices") };
}

export default async function InvoiceListPage({ params }: { readonly params: Promise<{ org: string }> }) {
  const { org } = await params;
  return (
    <Prefetched queries={(trpc, client) => [client.prefetchQuery(trpc.billing.invoices.queryOptions({ organization: org })), client.prefetchQuery(trpc.billing.payment.dunning.queryOptions({ organization: org }))]}>
      <InvoiceList />
    </Prefetched>
  );
}
