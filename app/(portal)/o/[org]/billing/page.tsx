import type { Metadata } from "next";
import { getTranslations } from "next-intl/server";
import { BillingDraft } from "./billing-draft";

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations("nav"))("billing") };
}

export default function BillingDraftPage() {
  return <BillingDraft />;
}
