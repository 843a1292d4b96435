"use client";

import { useMutation, useQuery } from "@tanstack/react-query";
import { Gift, Plus } from "lucide-react";
import { useNow, useTranslations } from "next-intl";
import { useState } from "react";
import type { RouterOutputs } from "@/server/api/root";
import { Confirm } from "@/app/_components/confirm";
import { Loaded } from "@/app/_components/loaded";
import { useStaff } from "@/app/_components/shell/viewer";
import { Badge } from "@/app/_components/ui/badge";
import { Button } from "@/app/_components/ui/button";
import { Card, CardHead } from "@/app/_components/ui/card";
import { EmptyState } from "@/app/_components/ui/empty-state";
import { Table, Td, Th, Tr } from "@/app/_components/ui/table";
import { useWords } from "@/app/_components/use-words";
import { useFormats } from "@/app/_i18n/use-formats";
import { useTRPC } from "@/app/_trpc/client";
import { GrantDialog } from "./grant-dialog";
import type { Money } from "./types";
import { useRefresh } from "./use-refresh";

type Grant = RouterOutputs["admin"]["billing"]["credits"][number];

interface CreditsProps {
  readonly organizationId: string;
  readonly currency: string;
  readonly discounts: Money["discounts"];
}

/** Grants with what is left of them, in the order of use, and redeemed codes. */
export function CreditsCard({ organizationId, currency, discounts }: CreditsProps) {
  const t = useTranslations("adminMoney.organization");
  const own = useTranslations("money.credits");
  const words = useTranslations("billing");
  const common = useTranslations("common");
  const formats = useFormats();
  const say = useWords();
  const trpc = useTRPC();
  const staff = useStaff();
  const refresh = useRefresh();
  const now = useNow({ updateInterval: 60_000 });
  const [granting, setGranting] = useState(false);
  const [voiding, setVoiding] = useState<Grant | null>(null);
  const query = useQuery(trpc.admin.billing.credits.queryOptions({ organizationId }));
  const takeBack = useMutation(trpc.admin.billing.voidCredit.mutationOptions({ onSettled: refresh }));
  const stateOf = (grant: Grant) => (grant.voidedAt ? "voided" : grant.leftMicros === 0 ? "used" : grant.expiresAt && grant.expiresAt <= now ? "expired" : "open");
  return (
    <Card>
      <CardHead title={own("title")} description={own("text")} actions={staff.may("support") ? <Button size="sm" onClick={() => setGranting(true)}><Plus aria-hidden />{t("grant")}</Button> : null} />
      <Loaded query={query}>
        {(grants) =>
          grants.length === 0 && discounts.length === 0 ? (
            <EmptyState icon={Gift} title={own("empty")}>{t("noCredits")}</EmptyState>
          ) : (
            <Table label={own("title")}>
              <thead><tr><Th>{words("what")}</Th><Th className="hidden sm:table-cell">{own("expires")}</Th><Th right>{own("given")}</Th><Th right>{own("left")}</Th><Th>{common("status")}</Th><Th right>{common("actions")}</Th></tr></thead>
              <tbody>
                {grants.map((grant) => {
                  const state = stateOf(grant);
                  return (
                    <Tr key={grant.id}>
                      <Td><span className="font-medium">{say(grant.reasonWords, grant.reason)}</span><span className="block text-xs text-muted">{[own(`kinds.${grant.kind}`), grant.reference].filter(Boolean).join(" · ")}</span></Td>
                      <Td className="hidden whitespace-nowrap sm:table-cell">{grant.expiresAt ? formats.date(grant.expiresAt) : common("forever")}</Td>
                      <Td right>{formats.money(grant.amountMicros, grant.currency)}</Td>
                      <Td right>{formats.money(grant.leftMicros, grant.currency)}</Td>
                      <Td><Badge tone={state === "open" ? "good" : "neutral"}>{own(`states.${state}`)}</Badge></Td>
                      <Td right>{state === "open" && staff.may("support") ? <Button size="sm" variant="dangerOutline" onClick={() => setVoiding(grant)}>{t("takeBack")}</Button> : null}</Td>
                    </Tr>
                  );
                })}
                {discounts.map((discount) => {
                  const over = discount.endsAt <= now;
                  return (
                    <Tr key={discount.id}>
                      <Td><span className="font-mono">{discount.code}</span><span className="block text-xs text-muted">{discount.kind === "trial" ? t("trial") : t("percentOff", { percent: formats.number(discount.basisPoints / 100) })}</span></Td>
                      <Td className="hidden whitespace-nowrap sm:table-cell">{formats.date(discount.endsAt)}</Td>
                      <Td right>{discount.maxMicros === null ? "–" : t("upTo", { amount: formats.money(discount.maxMicros, discount.currency) })}</Td>
                      <Td right>–</Td>
                      <Td><Badge tone={over ? "neutral" : "good"}>{own(over ? "states.expired" : "states.open")}</Badge></Td>
                      <Td right>{null}</Td>
                    </Tr>
                  );
                })}
              </tbody>
            </Table>
          )
        }
      </Loaded>
      {granting ? <GrantDialog organizationId={organizationId} currency={currency} onClose={() => setGranting(false)} /> : null}
      {voiding ? <Confirm open onOpenChange={(open) => (open ? undefined : setVoiding(null))} title={t("takeBackAsk", { amount: formats.money(voiding.leftMicros, voiding.currency) })} description={t("takeBackText")} action={t("takeBack")} danger onConfirm={() => takeBack.mutateAsync({ grantId: voiding.id })} /> : null}
    </Card>
  );
}
