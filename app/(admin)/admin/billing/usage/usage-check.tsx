"use client";

import { useQuery } from "@tanstack/react-query";
import { CalendarCheck, CircleCheck } from "lucide-react";
import { useTranslations } from "next-intl";
import Link from "next/link";
import { Loaded } from "@/app/_components/loaded";
import { Moment } from "@/app/_components/time-ago";
import { Badge } from "@/app/_components/ui/badge";
import { Card, CardHead } from "@/app/_components/ui/card";
import { EmptyState } from "@/app/_components/ui/empty-state";
import { Table, Td, Th, Tr } from "@/app/_components/ui/table";
import { useWords } from "@/app/_components/use-words";
import { useFormats } from "@/app/_i18n/use-formats";
import { useTRPC } from "@/app/_trpc/client";
import { MoneyFrame } from "../money-frame";

/** What the daily recount found, one named row for each machine and day, and the periods that were closed last. */
export function UsageCheck() {
  return (
    <MoneyFrame tab="usage">
      <div className="grid gap-4">
        <Drift />
        <Periods />
      </div>
    </MoneyFrame>
  );
}

function useOrganizationNames(): (organizationId: string) => string {
  const trpc = useTRPC();
  const standings = useQuery(trpc.admin.payments.standings.queryOptions());
  const names = new Map(standings.data?.map((one) => [one.organizationId, one.name]));
  return (organizationId) => names.get(organizationId) ?? organizationId;
}

function Drift() {
  const t = useTranslations("adminMoney.usage");
  const formats = useFormats();
  const say = useWords();
  const trpc = useTRPC();
  const nameOf = useOrganizationNames();
  const query = useQuery(trpc.admin.billing.drift.queryOptions());
  const seconds = (ms: number): string => t("seconds", { value: formats.number(ms / 1000, 3) });
  return (
    <Card>
      <CardHead title={t("drift")} description={t("driftText")} />
      <Loaded query={query}>
        {(rows) =>
          rows.length === 0 ? (
            <EmptyState icon={CircleCheck} title={t("noDrift")}>{t("noDriftText")}</EmptyState>
          ) : (
            <Table label={t("drift")}>
              <thead><tr><Th>{t("machine")}</Th><Th>{t("day")}</Th><Th>{t("what")}</Th><Th right className="hidden sm:table-cell">{t("counted")}</Th><Th right className="hidden sm:table-cell">{t("isBilled")}</Th></tr></thead>
              <tbody>
                {rows.map((row) => (
                  <Tr key={`${row.resourceId} ${row.day.toISOString()}`}>
                    <Td><Link href={`/admin/organizations/${row.organizationId}/money`} className="hover:underline"><Badge>{nameOf(row.organizationId)}</Badge></Link><span className="mt-1 block font-mono text-tiny text-muted">{row.resourceId}</span></Td>
                    {/* A recount takes a day of UTC, whatever the reader's zone. */}
                    <Td className="whitespace-nowrap">{t("utcDay", { day: row.day.toISOString().slice(0, 10) })}</Td>
                    <Td className="max-w-md">{say(row.words, row.explanation)}</Td>
                    <Td right className="hidden whitespace-nowrap sm:table-cell">{seconds(row.countedMs)}</Td>
                    <Td right className="hidden whitespace-nowrap sm:table-cell">{seconds(row.billedMs)}</Td>
                  </Tr>
                ))}
              </tbody>
            </Table>
          )
        }
      </Loaded>
    </Card>
  );
}

function Periods() {
  const t = useTranslations("adminMoney.usage");
  const nav = useTranslations("nav");
  const trpc = useTRPC();
  const nameOf = useOrganizationNames();
  const query = useQuery(trpc.admin.billing.periods.queryOptions());
  return (
    <Card>
      <CardHead title={t("periods")} description={t("periodsText")} />
      <Loaded query={query}>
        {(periods) =>
          periods.length === 0 ? (
            <EmptyState icon={CalendarCheck} title={t("noPeriods")}>{t("noPeriodsText")}</EmptyState>
          ) : (
            <Table label={t("periods")}>
              <thead><tr><Th>{nav("organizations")}</Th><Th>{t("from")}</Th><Th>{t("to")}</Th><Th className="hidden md:table-cell">{t("closed")}</Th><Th>{t("billed")}</Th></tr></thead>
              <tbody>
                {periods.map((period) => (
                  <Tr key={`${period.organizationId} ${period.startedAt.toISOString()}`}>
                    <Td><Link href={`/admin/organizations/${period.organizationId}/money`} className="font-medium hover:text-accent hover:underline">{nameOf(period.organizationId)}</Link></Td>
                    <Td className="whitespace-nowrap"><Moment at={period.startedAt} /></Td>
                    <Td className="whitespace-nowrap"><Moment at={period.endedAt} /></Td>
                    <Td className="hidden whitespace-nowrap text-muted md:table-cell"><Moment at={period.closedAt} /></Td>
                    <Td className="whitespace-nowrap">{period.billedAt ? <Moment at={period.billedAt} /> : <span className="text-warn">{t("notBilled")}</span>}</Td>
                  </Tr>
                ))}
              </tbody>
            </Table>
          )
        }
      </Loaded>
    </Card>
  );
}
