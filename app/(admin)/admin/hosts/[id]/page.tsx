import type { Metadata } from "next";
import { getTranslations } from "next-intl/server";
import { HostDetail } from "./host-detail";

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations("nav"))("hosts") };
}

export default async function HostDetailPage({ params }: { readonly params: Promise<{ id: string }> }) {
  return <HostDetail hostId={(await params).id} />;
}
