import type { Metadata } from "next";
import { getTranslations } from "next-intl/server";
import { DecisionList } from "./decision-list";

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations("nav"))("decisions") };
}

export default function DecisionListPage() {
  return <DecisionList />;
}
