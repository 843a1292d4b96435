import type { Metadata } from "next";
import { getTranslations } from "next-intl/server";
import { Prefetched } from "@/app/_trpc/prefetched";
import { OrganizationDetail } from "./organization-detail";

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations("nav"))("organizations") };
}

export default async function OrganizationDetailPage({ params }: { readonly params: Promise<{ id: string }> }) {
  const { id } = await params;
  return (
    <Prefetched queries={(trpc, client) => [client.prefetchQuery(trpc.admin.organizations.get.queryOptions({ organizationId: id }))]}>
      <OrganizationDetail organizationId={id} />
    </Prefetched>
  );
}
