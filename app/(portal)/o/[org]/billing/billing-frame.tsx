"use client";

import { useTranslations } from "next-intl";
import Link from "next/link";
import { usePathname } from "next/navigation";
import type { ReactNode } from "react";
import { PageHead } from "@/app/_components/page-head";
import { SectionTabs } from "@/app/_components/section-tabs";
import { useOrganization } from "@/app/_components/shell/viewer";
import { Button } from "@/app/_components/ui/button";
import { DunningNotice } from "./dunning-notice";

const TABS = ["draft", "invoices", "payment", "budget", "credits", "details"] as const;
const PATHS = { draft: "", invoices: "/invoices", payment: "/payment", budget: "/budget", credits: "/credits", details: "/details" } as const;

/** Every page of billing: its name, what is overdue, and the way to the others. */
export function BillingFrame({ tab, actions, children }: { readonly tab: (typeof TABS)[number]; readonly actions?: ReactNode; readonly children: ReactNode }) {
  const t = useTranslations("money.tabs");
  const nav = useTranslations("nav");
  const words = useTranslations("money.about");
  const dunning = useTranslations("money.dunning");
  const path = usePathname();
  const { slug } = useOrganization();
  const base = `/o/${slug}/billing`;
  return (
    <>
      <PageHead title={nav("billing")} description={words(tab)} actions={actions} />
      <DunningNotice action={path === `${base}/payment` ? null : <Button asChild size="sm"><Link href={`${base}/payment`}>{dunning("toPayment")}</Link></Button>} />
      <SectionTabs label={nav("billing")} items={TABS.map((key) => ({ href: `${base}${PATHS[key]}`, label: t(key), here: key === tab }))} />
      {children}
    </>
  );
}
