import type { Metadata } from "next";
import { getTranslations } from "next-intl/server";
import { DecisionDetail } from "./decision-detail";

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations("nav"))("decisions") };
}

export default async function DecisionDetailPage({ params }: { readonly params: Promise<{ id: string }> }) {
  return <DecisionDetail decisionId={(await params).id} />;
}
