"use client";

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { ChevronLeft, ChevronRight, Coins, Download } from "lucide-react";
import { useTranslations } from "next-intl";
import Link from "next/link";
import { useState } from "react";
import type { RouterOutputs } from "@/server/api/root";
import { Loaded } from "@/app/_components/loaded";
import { PageHead } from "@/app/_components/page-head";
import { saveFile } from "@/app/_components/save-file";
import { useOrganization } from "@/app/_components/shell/viewer";
import { Badge } from "@/app/_components/ui/badge";
import { Button } from "@/app/_components/ui/button";
import { Card, CardHead } from "@/app/_components/ui/card";
import { EmptyState } from "@/app/_components/ui/empty-state";
import { Table, Td, Th, Tr } from "@/app/_components/ui/table";
import { useFormats } from "@/app/_i18n/use-formats";
import { useTRPC } from "@/app/_trpc/client";

type Costs = RouterOutputs["desktopPools"]["costs"];
type Sum = Pick<Costs["total"], "runningMs" | "storageGiBMs" | "runningMicros" | "otherMicros" | "amountMicros">;
const HOUR_MS = 3_600_000;

/** What the desktops of a month used and cost, by pool and by person. */
export function DesktopCosts() {
  const t = useTranslations("desktopPools.costs");
  const nav = useTranslations("nav");
  const { slug: organization } = useOrganization();
  const trpc = useTRPC();
  const [at, setAt] = useState<Date | null>(null);
  const query = useQuery(trpc.desktopPools.costs.queryOptions({ organization, ...(at ? { at } : {}) }, { placeholderData: keepPreviousData }));
  return (
    <>
      <PageHead title={t("title")} description={t("description")} parent={{ href: `/o/${organization}/desktop-pools`, label: nav("desktopPools") }} actions={query.data ? <Month costs={query.data} latest={at === null} onChange={setAt} /> : null} />
      <Loaded query={query}>
        {(costs) =>
          costs.pools.length === 0 ? (
            <Card><EmptyState icon={Coins} title={t("none")}>{t("noneText")}</EmptyState></Card>
          ) : (
            <div className="grid gap-4">
              <Pools costs={costs} />
              <People costs={costs} />
              <p className="text-xs text-muted">{t("note")}</p>
            </div>
          )
        }
      </Loaded>
    </>
  );
}

function Month({ costs, latest, onChange }: { readonly costs: Costs; readonly latest: boolean; readonly onChange: (at: Date | null) => void }) {
  const t = useTranslations("desktopPools.costs");
  const formats = useFormats();
  const { slug } = useOrganization();
  const month = new Intl.DateTimeFormat("en-CA", { timeZone: costs.timeZone }).format(costs.periodStart).slice(0, 7);
  return (
    <>
      <span className="flex items-center gap-1">
        <Button variant="ghost" size="iconSm" aria-label={t("earlier")} onClick={() => onChange(new Date(costs.periodStart.getTime() - 1))}><ChevronLeft aria-hidden /></Button>
        <span className="numeric text-xs whitespace-nowrap">{`${formats.date(costs.periodStart)} – ${formats.date(new Date(costs.periodEnd.getTime() - 1))}`}</span>
        <Button variant="ghost" size="iconSm" aria-label={t("later")} disabled={latest} onClick={() => onChange(costs.periodEnd >= costs.asOf ? null : costs.periodEnd)}><ChevronRight aria-hidden /></Button>
      </span>
      <Button disabled={costs.people.length === 0} onClick={() => saveFile(`${slug}-desktops-${month}.csv`, "text/csv;charset=utf-8", costs.csv)}>
        <Download aria-hidden />
        {t("csv")}
      </Button>
    </>
  );
}

function Pools({ costs }: { readonly costs: Costs }) {
  const t = useTranslations("desktopPools.costs");
  const pools = useTranslations("desktopPools");
  const { slug: organization } = useOrganization();
  return (
    <Card>
      <CardHead title={t("byPool")} />
      <Table label={t("byPool")}>
        <thead>
          <tr>
            <Th>{t("pool")}</Th>
            <Th right className="hidden sm:table-cell">{t("peopleCount")}</Th>
            <SumHeads />
          </tr>
        </thead>
        <tbody>
          {costs.pools.map((row) => (
            <Tr key={row.poolId}>
              <Td>
                {row.removed ? <span className="flex items-center gap-2">{row.poolName}<Badge>{pools("states.retired")}</Badge></span> : <Link href={`/o/${organization}/desktop-pools/${row.poolId}`} className="font-medium hover:underline">{row.poolName}</Link>}
              </Td>
              <Td right className="hidden sm:table-cell">{row.people}</Td>
              <SumCells sum={row} currency={costs.currency} />
            </Tr>
          ))}
          {costs.pools.length > 1 ? (
            <Tr className="font-medium">
              <Td>{t("total")}</Td>
              <Td className="hidden sm:table-cell" />
              <SumCells sum={costs.total} currency={costs.currency} />
            </Tr>
          ) : null}
        </tbody>
      </Table>
    </Card>
  );
}

function People({ costs }: { readonly costs: Costs }) {
  const t = useTranslations("desktopPools.costs");
  return (
    <Card>
      <CardHead title={t("byPerson")} description={t("byPersonText")} />
      <Table label={t("byPerson")}>
        <thead>
          <tr>
            <Th>{t("person")}</Th>
            <Th className="hidden sm:table-cell">{t("pool")}</Th>
            <SumHeads />
          </tr>
        </thead>
        <tbody>
          {costs.people.map((row) => (
            <Tr key={`${row.poolId}:${row.userId ?? ""}`}>
              <Td>
                {row.userId === null ? <span className="text-muted">{t("nobody")}</span> : (row.userName ?? t("left"))}
                {row.userEmail ? <span className="block text-xs text-muted">{row.userEmail}</span> : null}
                <span className="block text-xs text-muted sm:hidden">{row.poolName}</span>
              </Td>
              <Td className="hidden sm:table-cell">{row.poolName}</Td>
              <SumCells sum={row} currency={costs.currency} />
            </Tr>
          ))}
        </tbody>
      </Table>
    </Card>
  );
}

function SumHeads() {
  const t = useTranslations("desktopPools.costs");
  return (
    <>
      <Th right>{t("running")}</Th>
      <Th right className="hidden lg:table-cell">{t("storage")}</Th>
      <Th right className="hidden md:table-cell">{t("runningCost")}</Th>
      <Th right className="hidden md:table-cell">{t("storageCost")}</Th>
      <Th right>{t("cost")}</Th>
    </>
  );
}

function SumCells({ sum, currency }: { readonly sum: Sum; readonly currency: string }) {
  const t = useTranslations("desktopPools.costs");
  const formats = useFormats();
  return (
    <>
      <Td right className="whitespace-nowrap">{clock(sum.runningMs)}</Td>
      <Td right className="hidden whitespace-nowrap lg:table-cell">{t("gibHours", { value: formats.number(sum.storageGiBMs / HOUR_MS, 1) })}</Td>
      <Td right className="hidden whitespace-nowrap md:table-cell">{formats.money(sum.runningMicros, currency)}</Td>
      <Td right className="hidden whitespace-nowrap md:table-cell">{formats.money(sum.otherMicros, currency)}</Td>
      <Td right className="whitespace-nowrap">{formats.money(sum.amountMicros, currency)}</Td>
    </>
  );
}

/** Hours, minutes and seconds, as a stopwatch shows them. */
function clock(ms: number): string {
  const seconds = Math.floor(ms / 1_000);
  const two = (value: number): string => String(value).padStart(2, "0");
  return `${Math.floor(seconds / 3_600)}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
}
