import type { Metadata } from "next";
import { getTranslations } from "next-intl/server";
import { ClusterDetail } from "./cluster-detail";

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations("nav"))("clusters") };
}

export default async function ClusterDetailPage({ params }: { readonly params: Promise<{ id: string }> }) {
  return <ClusterDetail clusterId={(await params).id} />;
}
