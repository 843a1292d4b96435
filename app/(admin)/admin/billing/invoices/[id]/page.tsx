import type { Metadata } from "next";
import { getTranslations } from "next-intl/server";
import { Prefetched } from "@/app/_trpc/prefetched";
import { StaffInvoice } from "./staff-invoice";

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations("money.invoices"))("one") };
}

export default async function StaffInvoicePage({ params }: { readonly params: Promise<{ id: string }> }) {
  const { id: invoiceId } = await params;
  return (
    <Prefetched queries={(trpc, client) => [client.prefetchQuery(trpc.admin.billing.invoice.queryOptions({ invoiceId }))]}>
      <StaffInvoice invoiceId={invoiceId} />
    </Prefetched>
  );
}
