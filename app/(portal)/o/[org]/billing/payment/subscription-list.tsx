"use client";

import { useQuery } from "@tanstack/react-query";
import { useTranslations } from "next-intl";
import { useOrganization } from "@/app/_components/shell/viewer";
import { SubscriptionState } from "@/app/_components/subscription-state";
import { Moment } from "@/app/_components/time-ago";
import { Card, CardHead } from "@/app/_components/ui/card";
import { Table, Td, Th, Tr } from "@/app/_components/ui/table";
import { useFormats } from "@/app/_i18n/use-formats";
import { useTRPC } from "@/app/_trpc/client";

/** Flat amounts that were agreed; nothing at all where there is none, as with most organizations. */
export function SubscriptionList() {
  const t = useTranslations("money.subscriptions");
  const common = useTranslations("common");
  const formats = useFormats();
  const { slug: organization } = useOrganization();
  const trpc = useTRPC();
  const { data } = useQuery(trpc.billing.payment.subscriptions.queryOptions({ organization }));
  if (!data || data.length === 0) return null;
  return (
    <Card>
      <CardHead title={t("title")} description={t("text")} />
      <Table label={t("title")}>
        <thead><tr><Th>{t("what")}</Th><Th right>{t("monthly")}</Th><Th className="hidden sm:table-cell">{t("since")}</Th><Th>{common("status")}</Th></tr></thead>
        <tbody>
          {data.map((one) => (
            <Tr key={one.id}>
              <Td className="font-medium">{one.description}</Td>
              <Td right>{formats.moneyMinor(one.amountMinor, one.currency)}</Td>
              <Td className="hidden whitespace-nowrap sm:table-cell"><Moment at={one.createdAt} /></Td>
              <Td><SubscriptionState subscription={one} /></Td>
            </Tr>
          ))}
        </tbody>
      </Table>
    </Card>
  );
}
