import type { Metadata } from "next";
import { getTranslations } from "next-intl/server";
import { UsageOverview } from "./usage-overview";

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations("nav"))("usage") };
}

export default function UsageOverviewPage() {
  return <UsageOverview />;
}
