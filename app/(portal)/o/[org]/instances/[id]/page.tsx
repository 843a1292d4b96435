import type { Metadata } from "next";
import { getTranslations } from "next-intl/server";
import { InstanceDetail } from "./instance-detail";

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations("instance"))("title") };
}

export default async function InstancePage({ params }: { readonly params: Promise<{ id: string }> }) {
  return <InstanceDetail instanceId={(await params).id} />;
}
