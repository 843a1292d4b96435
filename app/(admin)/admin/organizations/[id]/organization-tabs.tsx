"use client";

import { useTranslations } from "next-intl";
import { SectionTabs } from "@/app/_components/section-tabs";

/** The pages of one organization. */
export function OrganizationTabs({ organizationId, here }: { readonly organizationId: string; readonly here: "overview" | "money" }) {
  const t = useTranslations("adminMoney.organization");
  const base = `/admin/organizations/${organizationId}`;
  return <SectionTabs label={t("tabsLabel")} items={[{ href: base, label: t("overview"), here: here === "overview" }, { href: `${base}/money`, label: t("money"), here: here === "money" }]} />;
}
