import { Building2, ChevronRight, ShieldCheck } from "lucide-react";
import type { Metadata } from "next";
import { getTranslations } from "next-intl/server";
import Link from "next/link";
import { redirect } from "next/navigation";
import { Logo } from "@/app/_components/shell/logo";
import { Card } from "@/app/_components/ui/card";
import { EmptyState } from "@/app/_components/ui/empty-state";
import { getSession } from "@/app/_trpc/server";

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations("auth"))("chooseOrganization") };
}

/** Where a sign-in lands: straight on when there is only one place to go. */
export default async function ChoosePage() {
  const session = await getSession();
  if (!session) redirect("/sign-in");
  const { memberships, user } = session;
  const only = memberships.length === 1 ? memberships[0] : undefined;
  if (only && !user.operatorRole) redirect(`/o/${only.slug}/instances`);
  if (memberships.length === 0 && user.operatorRole) redirect("/admin/clusters");
  const t = await getTranslations("auth");
  const nav = await getTranslations("nav");
  const roles = await getTranslations("roles");
  const rowClass = "flex items-center gap-3 px-4 py-3 hover:bg-raised focus-visible:-outline-offset-2";
  return (
    <main id="content" className="mx-auto grid w-full max-w-md gap-5 px-4 py-[12vh]">
      <Logo />
      <h1 className="text-xl font-semibold tracking-tight">{t("chooseOrganization")}</h1>
      <Card className="divide-y overflow-hidden">
        {memberships.map((entry) => (
          <Link key={entry.organizationId} href={`/o/${entry.slug}/instances`} className={rowClass}>
            <Building2 aria-hidden className="size-4 text-muted" />
            <span className="grid flex-1">
              <span className="font-medium">{entry.name}</span>
              <span className="text-xs text-muted">{roles(entry.role)}</span>
            </span>
            <ChevronRight aria-hidden className="size-4 text-muted" />
          </Link>
        ))}
        {user.operatorRole ? (
          <Link href="/admin/clusters" className={rowClass}>
            <ShieldCheck aria-hidden className="size-4 text-muted" />
            <span className="flex-1 font-medium">{nav("operatorConsole")}</span>
            <ChevronRight aria-hidden className="size-4 text-muted" />
          </Link>
        ) : null}
        {memberships.length === 0 && !user.operatorRole ? (
          <EmptyState icon={Building2} title={t("noOrganizations")}>
            {t("noOrganizationsText")}
          </EmptyState>
        ) : null}
      </Card>
    </main>
  );
}
