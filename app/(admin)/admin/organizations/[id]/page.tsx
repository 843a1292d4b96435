import type { Metadata } from "next";
import { getTranslations } from "next-intl/server";
import { OrganizationDetail } from "./organization-detail";

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations("nav"))("organizations") };
}

export default async function OrganizationDetailPage({ params }: { readonly params: Promise<{ id: string }> }) {
  return <OrganizationDetail organizationId={(await params).id} />;
}
