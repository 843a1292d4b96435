import type { Metadata } from "next";
import { getTranslations } from "next-intl/server";
import { Prefetched } from "@/app/_trpc/prefetched";
import { InvoiceDetail } from "./invoice-detail";

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations("money.invoices"))("one") };
}

export default async function InvoiceDetailPage({ params }: { readonly params: Promise<{ org: string; id: string }> }) {
  const { org, id } = await params;
  return (
    <Prefetched queries={(trpc, client) => [client.prefetchQuery(trpc.billing.invoice.queryOptions({ organization: org, invoiceId: id })), client.prefetchQuery(trpc.billing.ledger.queryOptions({ organization: org }))]}>
      <InvoiceDetail invoiceId={id} />
    </Prefetched>
  );
}
