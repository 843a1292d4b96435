import type { Metadata } from "next";
import { getTranslations } from "next-intl/server";
import { Prefetched } from "@/app/_trpc/prefetched";
import { BudgetPage } from "./budget-page";

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations("money.tabs"))("budget") };
}

export default async function BudgetRoute({ params }: { readonly params: Promise<{ org: string }> }) {
  const { org } = await params;
  return (
    <Prefetched queries={(trpc, client) => [client.prefetchQuery(trpc.billing.budget.queryOptions({ organization: org })), client.prefetchQuery(trpc.billing.draft.queryOptions({ organization: org })), client.prefetchQuery(trpc.billing.payment.dunning.queryOptions({ organization: org }))]}>
      <BudgetPage />
    </Prefetched>
  );
}
