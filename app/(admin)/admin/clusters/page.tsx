import type { Metadata } from "next";
import { getTranslations } from "next-intl/server";
import { ClusterList } from "./cluster-list";

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations("nav"))("clusters") };
}

export default function ClusterListPage() {
  return <ClusterList />;
}
