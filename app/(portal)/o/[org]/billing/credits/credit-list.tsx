"use client";

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Gift } from "lucide-react";
import { useNow, useTranslations } from "next-intl";
import { useState } from "react";
import { toast } from "sonner";
import { redeemCouponInput } from "@/server/billing/discount/schema";
import { Loaded } from "@/app/_components/loaded";
import { useOrganization } from "@/app/_components/shell/viewer";
import { Badge } from "@/app/_components/ui/badge";
import { Button } from "@/app/_components/ui/button";
import { Card, CardBody, CardHead } from "@/app/_components/ui/card";
import { EmptyState } from "@/app/_components/ui/empty-state";
import { Field, Input } from "@/app/_components/ui/field";
import { Notice } from "@/app/_components/ui/notice";
import { Table, Td, Th, Tr } from "@/app/_components/ui/table";
import { useWords } from "@/app/_components/use-words";
import { useFormats } from "@/app/_i18n/use-formats";
import { useTRPC } from "@/app/_trpc/client";
import { useProblemText } from "@/app/_trpc/use-problem-text";
import { BillingFrame } from "../billing-frame";

/** What lowers the next invoices, in the order of use, and where a code is redeemed. */
export function CreditList() {
  const t = useTranslations("money.credits");
  const words = useTranslations("billing");
  const common = useTranslations("common");
  const formats = useFormats();
  const say = useWords();
  const now = useNow({ updateInterval: 60_000 });
  const { slug: organization } = useOrganization();
  const trpc = useTRPC();
  const query = useQuery(trpc.billing.credits.queryOptions({ organization }));
  return (
    <BillingFrame tab="credits">
      <div className="grid items-start gap-4 lg:grid-cols-[minmax(0,1fr)_18rem]">
        <Card>
          <CardHead title={t("title")} description={t("text")} />
          <Loaded query={query}>
            {(credits) =>
              credits.length === 0 ? (
                <EmptyState icon={Gift} title={t("empty")}>{t("emptyText")}</EmptyState>
              ) : (
                <Table label={t("title")}>
                  <thead><tr><Th>{words("what")}</Th><Th className="hidden sm:table-cell">{t("expires")}</Th><Th right>{t("given")}</Th><Th right>{t("left")}</Th><Th>{common("status")}</Th></tr></thead>
                  <tbody>
                    {credits.map((credit) => {
                      const state = credit.voidedAt ? "voided" : credit.leftMicros === 0 ? "used" : credit.expiresAt && credit.expiresAt <= now ? "expired" : "open";
                      return (
                        <Tr key={credit.id}>
                          <Td><span className="font-medium">{say(credit.reasonWords, credit.reason)}</span><span className="block text-xs text-muted">{[t(`kinds.${credit.kind}`), credit.reference].filter(Boolean).join(" · ")}</span></Td>
                          <Td className="hidden whitespace-nowrap sm:table-cell">{credit.expiresAt ? formats.date(credit.expiresAt) : common("forever")}</Td>
                          <Td right>{formats.money(credit.amountMicros, credit.currency)}</Td>
                          <Td right>{formats.money(credit.leftMicros, credit.currency)}</Td>
                          <Td><Badge tone={state === "open" ? "good" : "neutral"}>{t(`states.${state}`)}</Badge></Td>
                        </Tr>
                      );
                    })}
                  </tbody>
                </Table>
              )
            }
          </Loaded>
        </Card>
        <RedeemCode />
      </div>
    </BillingFrame>
  );
}

function RedeemCode() {
  const t = useTranslations("money.credits");
  const { slug: organization } = useOrganization();
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const problem = useProblemText();
  const [code, setCode] = useState("");
  const parsed = redeemCouponInput.safeParse({ code });
  const redeem = useMutation(
    trpc.billing.redeemCoupon.mutationOptions({
      onSuccess: () => {
        setCode("");
        toast.success(t("redeemed"));
      },
      onSettled: () => queryClient.invalidateQueries(trpc.billing.pathFilter()),
    }),
  );
  return (
    <Card>
      <CardHead title={t("code")} description={t("codeText")} />
      <CardBody>
        <form
          className="grid gap-3"
          onSubmit={(event) => {
            event.preventDefault();
            if (parsed.success) redeem.mutate({ ...parsed.data, organization });
          }}
        >
          <Field label={t("codeLabel")} hint={t("codeHint")}>{(control) => <Input {...control} className="font-mono uppercase" autoComplete="off" spellCheck={false} maxLength={32} value={code} onChange={(event) => setCode(event.target.value)} />}</Field>
          {redeem.error ? <Notice kind="bad">{problem(redeem.error)}</Notice> : null}
          <Button type="submit" disabled={!parsed.success} busy={redeem.isPending}>{t("redeem")}</Button>
        </form>
      </CardBody>
    </Card>
  );
}
