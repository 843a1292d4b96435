"use client";

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { RefreshCw, Scale } from "lucide-react";
import { useTranslations } from "next-intl";
import Link from "next/link";
import { toast } from "sonner";
import { Loaded } from "@/app/_components/loaded";
import { useStaff } from "@/app/_components/shell/viewer";
import { TimeAgo } from "@/app/_components/time-ago";
import { Badge } from "@/app/_components/ui/badge";
import { Button } from "@/app/_components/ui/button";
import { Card } from "@/app/_components/ui/card";
import { EmptyState } from "@/app/_components/ui/empty-state";
import { Table, Td, Th, Tr } from "@/app/_components/ui/table";
import { useWords, type Words } from "@/app/_components/use-words";
import { useTRPC } from "@/app/_trpc/client";
import { useProblemToast } from "@/app/_trpc/use-problem-text";
import { MoneyFrame } from "../money-frame";

const NAMES = [
  "running-without-window", "window-without-machine", "line-differs-from-windows", "invoice-missing-at-provider", "invoice-unknown-here", "invoice-twice-at-provider", "invoice-total-differs", "invoice-status-differs",
  "open-amount-differs", "payment-missing-here",
] as const;

/** Host facts, our ledger and Stripe side by side: one named row for each thing that is not the same everywhere. */
export function DifferenceList() {
  const t = useTranslations("adminMoney.differences");
  const trpc = useTRPC();
  const staff = useStaff();
  const queryClient = useQueryClient();
  const query = useQuery(trpc.admin.payments.differences.queryOptions());
  const standings = useQuery(trpc.admin.payments.standings.queryOptions());
  const nameOf = new Map(standings.data?.map((one) => [one.organizationId, one.name]));
  const compare = useMutation(trpc.admin.payments.compareNow.mutationOptions({ onSuccess: () => void toast.success(t("asked")), onError: useProblemToast(), onSettled: () => queryClient.invalidateQueries(trpc.admin.payments.differences.pathFilter()) }));
  const again = staff.may("support") ? <Button busy={compare.isPending} onClick={() => compare.mutate()}><RefreshCw aria-hidden />{t("again")}</Button> : null;
  return (
    <MoneyFrame tab="reconciliation" actions={again}>
      <Card>
        <Loaded query={query}>
          {(list) =>
            list.length === 0 ? (
              <EmptyState icon={Scale} title={t("empty")}>{t("emptyText")}</EmptyState>
            ) : (
              <Table label={t("label")}>
                <thead><tr><Th>{t("what")}</Th><Th>{t("hostFacts")}</Th><Th>{t("ledger")}</Th><Th>{t("provider")}</Th><Th className="hidden lg:table-cell">{t("found")}</Th></tr></thead>
                <tbody>
                  {list.map((row) => {
                    const name = NAMES.find((known) => known === row.name);
                    const organizationId = row.subjectOrganizationId;
                    return (
                      <Tr key={row.id}>
                        <Td className="max-w-md align-top">
                          <span className="flex flex-wrap items-center gap-2 font-medium">{name ? t(`names.${name}`) : row.name}{organizationId ? <Link href={`/admin/organizations/${organizationId}/money`} className="hover:underline"><Badge>{nameOf.get(organizationId) ?? organizationId}</Badge></Link> : null}</span>
                          <span className="block text-xs text-muted">{name ? t(`texts.${name}`) : row.text}</span>
                          <span className="block font-mono text-tiny text-muted">{row.subjectId}</span>
                        </Td>
                        <Side value={row.hostFacts} words={row.hostWords} />
                        <Side value={row.ledger} words={row.ledgerWords} />
                        <Side value={row.provider} words={row.providerWords} />
                        <Td className="hidden align-top whitespace-nowrap text-muted lg:table-cell"><TimeAgo at={row.foundAt} /></Td>
                      </Tr>
                    );
                  })}
                </tbody>
              </Table>
            )
          }
        </Loaded>
      </Card>
    </MoneyFrame>
  );
}

/** What one of the three says; a dash where it is not asked. */
function Side({ value, words }: { readonly value: string | null; readonly words: readonly Words[] | null }) {
  const say = useWords();
  return <Td className="numeric align-top">{value === null ? <span className="text-muted">–</span> : say(words, value)}</Td>;
}
