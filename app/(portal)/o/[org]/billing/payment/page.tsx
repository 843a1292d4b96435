import type { Metadata } from "next";
import { getTranslations } from "next-intl/server";
import { Prefetched } from "@/app/_trpc/prefetched";
import { PaymentPage } from "./payment-page";

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations("money.tabs"))("payment") };
}

export default async function PaymentRoute({ params }: { readonly params: Promise<{ org: string }> }) {
  const { org } = await params;
  return (
    <Prefetched queries={(trpc, client) => [client.prefetchQuery(trpc.billing.payment.overview.queryOptions({ organization: org })), client.prefetchQuery(trpc.billing.payment.subscriptions.queryOptions({ organization: org })), client.prefetchQuery(trpc.billing.payment.dunning.queryOptions({ organization: org }))]}>
      <PaymentPage />
    </Prefetched>
  );
}
