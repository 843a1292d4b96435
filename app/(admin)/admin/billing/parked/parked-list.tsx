"use client";

import { useQuery } from "@tanstack/react-query";
import { CircleCheck } from "lucide-react";
import { useTranslations } from "next-intl";
import Link from "next/link";
import { useState } from "react";
import type { RouterOutputs } from "@/server/api/root";
import { Loaded } from "@/app/_components/loaded";
import { useStaff } from "@/app/_components/shell/viewer";
import { TimeAgo } from "@/app/_components/time-ago";
import { Button } from "@/app/_components/ui/button";
import { Card } from "@/app/_components/ui/card";
import { EmptyState } from "@/app/_components/ui/empty-state";
import { Table, Td, Th, Tr } from "@/app/_components/ui/table";
import { useWords } from "@/app/_components/use-words";
import { useFormats } from "@/app/_i18n/use-formats";
import { useTRPC } from "@/app/_trpc/client";
import { MoneyFrame } from "../money-frame";
import { Decide } from "./decide";

type Parked = RouterOutputs["admin"]["billing"]["parkedInvoices"][number];

/** Invoices that were too unusual to go out by themselves. Each goes out or is voided by somebody's word. */
export function ParkedList() {
  const t = useTranslations("adminMoney.parked");
  const billing = useTranslations("billing");
  const nav = useTranslations("nav");
  const formats = useFormats();
  const say = useWords();
  const trpc = useTRPC();
  const staff = useStaff();
  const [asking, setAsking] = useState<{ readonly invoice: Parked; readonly what: "release" | "void" } | null>(null);
  const query = useQuery(trpc.admin.billing.parkedInvoices.queryOptions());
  const standings = useQuery(trpc.admin.payments.standings.queryOptions());
  const nameOf = new Map(standings.data?.map((one) => [one.organizationId, one.name]));
  return (
    <MoneyFrame tab="parked">
      <Card>
        <Loaded query={query}>
          {(list) =>
            list.length === 0 ? (
              <EmptyState icon={CircleCheck} title={t("empty")}>{t("emptyText")}</EmptyState>
            ) : (
              <Table label={t("label")}>
                <thead><tr><Th>{nav("organizations")}</Th><Th>{t("why")}</Th><Th right>{billing("total")}</Th><Th className="hidden lg:table-cell">{t("since")}</Th>{staff.may("admin") ? <Th right>{t("decide")}</Th> : null}</tr></thead>
                <tbody>
                  {list.map((invoice) => (
                    <Tr key={invoice.id}>
                      <Td><Link href={`/admin/billing/invoices/${invoice.id}`} className="font-medium hover:text-accent hover:underline">{nameOf.get(invoice.organizationId) ?? invoice.organizationId}</Link><span className="block text-xs whitespace-nowrap text-muted">{`${formats.date(invoice.periodStart)} – ${formats.date(new Date(invoice.periodEnd.getTime() - 1))}`}</span></Td>
                      <Td className="max-w-md">{invoice.parkedReason === null ? "–" : say(invoice.parkedWords, invoice.parkedReason)}</Td>
                      <Td right>{formats.moneyMinor(invoice.totalMinor, invoice.currency)}</Td>
                      <Td className="hidden text-muted lg:table-cell"><TimeAgo at={invoice.issuedAt} /></Td>
                      {staff.may("admin") ? (
                        <Td right>
                          <span className="inline-flex gap-2">
                            <Button size="sm" onClick={() => setAsking({ invoice, what: "release" })}>{t("release")}</Button>
                            <Button size="sm" variant="dangerOutline" onClick={() => setAsking({ invoice, what: "void" })}>{t("void")}</Button>
                          </span>
                        </Td>
                      ) : null}
                    </Tr>
                  ))}
                </tbody>
              </Table>
            )
          }
        </Loaded>
      </Card>
      {asking ? <Decide {...asking} name={nameOf.get(asking.invoice.organizationId) ?? asking.invoice.organizationId} onClose={() => setAsking(null)} /> : null}
    </MoneyFrame>
  );
}
