import type { Metadata } from "next";
import { getTranslations } from "next-intl/server";
import { HostList } from "./host-list";

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations("nav"))("hosts") };
}

export default function HostListPage() {
  return <HostList />;
}
