import type { Metadata } from "next";
import { getTranslations } from "next-intl/server";
import { InstanceList } from "./instance-list";

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations("nav"))("instances") };
}

export default function InstancesPage() {
  return <InstanceList />;
}
