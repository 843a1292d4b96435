import type { Metadata } from "next";
import { getTranslations } from "next-intl/server";
import { Prefetched } from "@/app/_trpc/prefetched";
import { OrganizationMoney } from "./organization-money";

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations("adminMoney.organization"))("money") };
}

export default async function OrganizationMoneyPage({ params }: { readonly params: Promise<{ id: string }> }) {
  const { id: organizationId } = await params;
  return (
    <Prefetched
      queries={(trpc, client) => [
        client.prefetchQuery(trpc.admin.organizations.get.queryOptions({ organizationId })),
        client.prefetchQuery(trpc.admin.billing.money.queryOptions({ organizationId })),
        client.prefetchQuery(trpc.admin.billing.draft.queryOptions({ organizationId })),
        client.prefetchQuery(trpc.admin.billing.credits.queryOptions({ organizationId })),
      ]}
    >
      <OrganizationMoney organizationId={organizationId} />
    </Prefetched>
  );
}
