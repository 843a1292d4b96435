import type { Metadata } from "next";
import { getTranslations } from "next-intl/server";
import { OrganizationSettings } from "./organization-settings";

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations("nav"))("settings") };
}

export default function OrganizationSettingsPage() {
  return <OrganizationSettings />;
}
