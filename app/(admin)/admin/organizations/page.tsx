import type { Metadata } from "next";
import { getTranslations } from "next-intl/server";
import { OrganizationList } from "./organization-list";

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations("nav"))("organizations") };
}

export default function OrganizationListPage() {
  return <OrganizationList />;
}
