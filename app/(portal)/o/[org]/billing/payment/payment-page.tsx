"use client";

import { useQuery } from "@tanstack/react-query";
import { CreditCard, ExternalLink, Plus } from "lucide-react";
import { useTranslations } from "next-intl";
import type { RouterOutputs } from "@/server/api/root";
import { Loaded } from "@/app/_components/loaded";
import { useOrganization } from "@/app/_components/shell/viewer";
import { Badge } from "@/app/_components/ui/badge";
import { Button } from "@/app/_components/ui/button";
import { Card, CardHead } from "@/app/_components/ui/card";
import { EmptyState } from "@/app/_components/ui/empty-state";
import { Notice } from "@/app/_components/ui/notice";
import { useTRPC } from "@/app/_trpc/client";
import { useProblemText } from "@/app/_trpc/use-problem-text";
import { BillingFrame } from "../billing-frame";
import { PayInAdvance } from "./pay-in-advance";
import { PaymentTable } from "./payment-table";
import { SubscriptionList } from "./subscription-list";
import { useHostedPage } from "./use-hosted-page";

type Overview = RouterOutputs["billing"]["payment"]["overview"];

export function PaymentPage() {
  const t = useTranslations("money.payment");
  const { slug: organization } = useOrganization();
  const trpc = useTRPC();
  const problem = useProblemText();
  const hosted = useHostedPage();
  const query = useQuery(trpc.billing.payment.overview.queryOptions({ organization }));
  const addCard = <Button variant="primary" busy={hosted.busy === "setup"} onClick={() => hosted.open({ kind: "setup" })}><Plus aria-hidden />{t("addCard")}</Button>;
  return (
    <BillingFrame tab="payment">
      <div className="grid gap-4">
        {hosted.busy ? <Notice title={t("fetching")}>{t("fetchingText")}</Notice> : null}
        {hosted.error ? <Notice kind="bad" title={t("noPage")}>{problem(hosted.error)}</Notice> : null}
        {hosted.failure === null ? null : <Notice kind="bad" title={t("noPage")}>{hosted.failure || t("noPageText")}</Notice>}
        <Loaded query={query}>
          {(overview) => (
            <>
              <Card>
                <CardHead
                  title={t("methods")}
                  description={t("methodsText")}
                  actions={
                    overview.methods.length === 0 ? null : (
                      <>
                        <Button busy={hosted.busy === "portal"} onClick={() => hosted.open({ kind: "portal" })}><ExternalLink aria-hidden />{t("manage")}</Button>
                        {addCard}
                      </>
                    )
                  }
                />
                {overview.methods.length === 0 ? <EmptyState icon={CreditCard} title={t("noMethods")} action={addCard}>{t("noMethodsText")}</EmptyState> : <Methods methods={overview.methods} />}
              </Card>
              <PayInAdvance busy={hosted.busy === "prepay"} onPay={(amountMinor) => hosted.open({ kind: "prepay", amountMinor })} />
              <SubscriptionList />
              <PaymentTable overview={overview} />
            </>
          )}
        </Loaded>
      </div>
    </BillingFrame>
  );
}

function Methods({ methods }: { readonly methods: Overview["methods"] }) {
  const t = useTranslations("money.payment");
  return (
    <ul className="divide-y">
      {methods.map((method) => (
        <li key={method.id} className="flex flex-wrap items-center gap-x-4 gap-y-1 px-4 py-3">
          <CreditCard aria-hidden className="size-4 text-muted" />
          <span className="font-medium capitalize">{method.brand ?? method.kind}</span>
          {method.last4 ? <span className="numeric font-mono">{`•••• ${method.last4}`}</span> : null}
          {method.expiresMonth && method.expiresYear ? <span className="numeric text-muted">{t("expires", { month: String(method.expiresMonth).padStart(2, "0"), year: String(method.expiresYear) })}</span> : null}
          {method.isDefault ? <Badge tone="accent">{t("default")}</Badge> : null}
        </li>
      ))}
    </ul>
  );
}
