"use client";

import { useQuery } from "@tanstack/react-query";
import { useTranslations } from "next-intl";
import { Loaded } from "@/app/_components/loaded";
import { PageHead } from "@/app/_components/page-head";
import { useTRPC } from "@/app/_trpc/client";
import { StandingBadge } from "../../standing-badge";
import { OrganizationTabs } from "../organization-tabs";
import { CommitmentsCard } from "./commitments-card";
import { CreditsCard } from "./credits-card";
import { DraftCard } from "./draft-card";
import { InvoicesCard } from "./invoices-card";
import { PaymentsCard } from "./payments-card";
import { SubscriptionsCard } from "./subscriptions-card";
import { PeriodsCard, SlaCard } from "./record-cards";

/** What one organization owes, paid and was given, and what an operator may do about it. */
export function OrganizationMoney({ organizationId }: { readonly organizationId: string }) {
  const nav = useTranslations("nav");
  const trpc = useTRPC();
  const organization = useQuery(trpc.admin.organizations.get.queryOptions({ organizationId }));
  const money = useQuery(trpc.admin.billing.money.queryOptions({ organizationId }));
  return (
    <Loaded query={organization}>
      {({ organization: { name, standing } }) => (
        <>
          <PageHead title={name} parent={{ href: "/admin/organizations", label: nav("organizations") }} badge={<StandingBadge standing={standing} />} />
          <OrganizationTabs organizationId={organizationId} here="money" />
          <Loaded query={money}>
            {(view) => (
              <div className="grid gap-4">
                <DraftCard organizationId={organizationId} name={name} balances={view.balances} />
                <InvoicesCard invoices={view.invoices} />
                <PaymentsCard payments={view.payments} refunds={view.refunds} invoices={view.invoices} />
                <CreditsCard organizationId={organizationId} currency={view.currency} discounts={view.discounts} />
                <SubscriptionsCard organizationId={organizationId} currency={view.currency} />
                <CommitmentsCard organizationId={organizationId} currency={view.currency} commitments={view.commitments} />
                <SlaCard credits={view.slaCredits} />
                <PeriodsCard periods={view.periods} />
              </div>
            )}
          </Loaded>
        </>
      )}
    </Loaded>
  );
}
