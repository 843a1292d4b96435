"use client";

import { useMutation, useQuery } from "@tanstack/react-query";
import { Plus, Repeat } from "lucide-react";
import { useTranslations } from "next-intl";
import { useState } from "react";
import { addSubscriptionInput } from "@/server/billing/payment/schema";
import type { RouterOutputs } from "@/server/api/root";
import { Confirm } from "@/app/_components/confirm";
import { Loaded } from "@/app/_components/loaded";
import { useStaff } from "@/app/_components/shell/viewer";
import { SubscriptionState } from "@/app/_components/subscription-state";
import { Moment } from "@/app/_components/time-ago";
import { Button } from "@/app/_components/ui/button";
import { Card, CardHead } from "@/app/_components/ui/card";
import { EmptyState } from "@/app/_components/ui/empty-state";
import { Field, Input } from "@/app/_components/ui/field";
import { Table, Td, Th, Tr } from "@/app/_components/ui/table";
import { parseMinor } from "@/app/_i18n/minor";
import { useFormats } from "@/app/_i18n/use-formats";
import { useTRPC } from "@/app/_trpc/client";
import { useRefresh } from "./use-refresh";

type Subscription = RouterOutputs["admin"]["payments"]["subscriptions"][number];

interface SubscriptionsProps {
  readonly organizationId: string;
  readonly currency: string;
}

/** Flat amounts that come every month by themselves, through Stripe; never for what is metered. */
export function SubscriptionsCard({ organizationId, currency }: SubscriptionsProps) {
  const t = useTranslations("adminMoney.subscriptions");
  const words = useTranslations("money.subscriptions");
  const common = useTranslations("common");
  const formats = useFormats();
  const trpc = useTRPC();
  const staff = useStaff();
  const refresh = useRefresh();
  const [adding, setAdding] = useState(false);
  const [ending, setEnding] = useState<Subscription | null>(null);
  const query = useQuery(trpc.admin.payments.subscriptions.queryOptions({ organizationId }));
  const end = useMutation(trpc.admin.payments.endSubscription.mutationOptions({ onSettled: refresh }));
  const support = staff.may("support");
  return (
    <Card>
      <CardHead title={words("title")} description={t("text")} actions={support ? <Button size="sm" onClick={() => setAdding(true)}><Plus aria-hidden />{t("add")}</Button> : null} />
      <Loaded query={query}>
        {(list) =>
          list.length === 0 ? (
            <EmptyState icon={Repeat} title={t("none")}>{t("noneText")}</EmptyState>
          ) : (
            <Table label={words("title")}>
              <thead><tr><Th>{words("what")}</Th><Th right>{words("monthly")}</Th><Th className="hidden sm:table-cell">{words("since")}</Th><Th>{common("status")}</Th><Th right>{t("end")}</Th></tr></thead>
              <tbody>
                {list.map((one) => (
                  <Tr key={one.id}>
                    <Td className="font-medium">{one.description}{one.remoteId ? <span className="block font-mono text-tiny font-normal text-muted">{one.remoteId}</span> : null}</Td>
                    <Td right>{formats.moneyMinor(one.amountMinor, one.currency)}</Td>
                    <Td className="hidden whitespace-nowrap sm:table-cell"><Moment at={one.createdAt} /></Td>
                    <Td><SubscriptionState subscription={one} /></Td>
                    <Td right>{support && (one.status === "wanted" || one.status === "active") ? <Button size="sm" onClick={() => setEnding(one)}>{t("end")}</Button> : <span className="text-muted">–</span>}</Td>
                  </Tr>
                ))}
              </tbody>
            </Table>
          )
        }
      </Loaded>
      {adding ? <AddDialog organizationId={organizationId} currency={currency} onClose={() => setAdding(false)} /> : null}
      {ending ? (
        <Confirm open onOpenChange={(open) => (open ? undefined : setEnding(null))} title={t("endAsk", { what: ending.description })} description={t("endText")} action={t("end")} danger onConfirm={() => end.mutateAsync({ subscriptionId: ending.id })} />
      ) : null}
    </Card>
  );
}

function AddDialog({ organizationId, currency, onClose }: SubscriptionsProps & { readonly onClose: () => void }) {
  const t = useTranslations("adminMoney.subscriptions");
  const words = useTranslations("money.subscriptions");
  const own = useTranslations("adminMoney.organization");
  const trpc = useTRPC();
  const refresh = useRefresh();
  const [description, setDescription] = useState("");
  const [amount, setAmount] = useState("");
  const add = useMutation(trpc.admin.payments.addSubscription.mutationOptions({ onSettled: refresh }));
  const parsed = addSubscriptionInput.safeParse({ organizationId, description, amountMinor: parseMinor(amount, currency) });
  return (
    <Confirm open onOpenChange={(open) => (open ? undefined : onClose())} title={t("add")} description={t("addText")} action={t("add")} disabled={!parsed.success} onConfirm={() => (parsed.success ? add.mutateAsync(parsed.data) : Promise.resolve())}>
      <Field label={words("what")} hint={t("whatHint")}>{(control) => <Input {...control} maxLength={200} value={description} onChange={(event) => setDescription(event.target.value)} />}</Field>
      <Field label={own("amountIn", { currency })} hint={t("amountHint")}>{(control) => <Input {...control} inputMode="decimal" value={amount} onChange={(event) => setAmount(event.target.value)} />}</Field>
    </Confirm>
  );
}
