"use client";

import { useTranslations } from "next-intl";
import type { ReactNode } from "react";
import { PageHead } from "@/app/_components/page-head";
import { SectionTabs } from "@/app/_components/section-tabs";

const PATHS = { standings: "", dunning: "/dunning", parked: "/parked", sync: "/sync", reconciliation: "/reconciliation", usage: "/usage", coupons: "/coupons", issuer: "/issuer" } as const;
type Tab = keyof typeof PATHS;
const TABS: readonly Tab[] = ["standings", "dunning", "parked", "sync", "reconciliation", "usage", "coupons", "issuer"];

/** Every page about what organizations owe. */
export function MoneyFrame({ tab, actions, children }: { readonly tab: Tab; readonly actions?: ReactNode; readonly children: ReactNode }) {
  const t = useTranslations("adminMoney.tabs");
  const about = useTranslations("adminMoney.about");
  const nav = useTranslations("nav");
  return (
    <>
      <PageHead title={nav("adminBilling")} description={about(tab)} actions={actions} />
      <SectionTabs label={nav("adminBilling")} items={TABS.map((key) => ({ href: `/admin/billing${PATHS[key]}`, label: t(key), here: key === tab }))} />
      {children}
    </>
  );
}
