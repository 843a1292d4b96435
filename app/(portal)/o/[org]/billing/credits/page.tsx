import type { Metadata } from "next";
import { getTranslations } from "next-intl/server";
import { Prefetched } from "@/app/_trpc/prefetched";
import { CreditList } from "./credit-list";

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations("money.tabs"))("credits") };
}

export default async function CreditListPage({ params }: { readonly params: Promise<{ org: string }> }) {
  const { org } = await params;
  return (
    <Prefetched queries={(trpc, client) => [client.prefetchQuery(trpc.billing.credits.queryOptions({ organization: org })), client.prefetchQuery(trpc.billing.payment.dunning.queryOptions({ organization: org }))]}>
      <CreditList />
    </Prefetched>
  );
}
