"use client";

import { useQuery } from "@tanstack/react-query";
import { CalendarClock, Plus } from "lucide-react";
import { useNow, useTranslations } from "next-intl";
import { useState } from "react";
import { useStaff } from "@/app/_components/shell/viewer";
import { Badge } from "@/app/_components/ui/badge";
import { Button } from "@/app/_components/ui/button";
import { Card, CardHead } from "@/app/_components/ui/card";
import { EmptyState } from "@/app/_components/ui/empty-state";
import { Table, Td, Th, Tr } from "@/app/_components/ui/table";
import { useFormats } from "@/app/_i18n/use-formats";
import { useTRPC } from "@/app/_trpc/client";
import { ReserveDialog } from "./reserve-dialog";
import type { Money } from "./types";
import { useListPrice } from "./use-list-price";

interface CommitmentsProps {
  readonly organizationId: string;
  readonly currency: string;
  readonly commitments: Money["commitments"];
}

/** Amounts reserved for a time at a price of their own, beside what the list asks for the same. */
export function CommitmentsCard({ organizationId, currency, commitments }: CommitmentsProps) {
  const t = useTranslations("adminMoney.organization");
  const catalog = useTranslations("admin.catalog");
  const common = useTranslations("common");
  const formats = useFormats();
  const trpc = useTRPC();
  const staff = useStaff();
  const now = useNow({ updateInterval: 60_000 });
  const [adding, setAdding] = useState(false);
  const listPrice = useListPrice(currency);
  const flavors = useQuery(trpc.admin.catalog.flavors.queryOptions());
  const names = new Map(flavors.data?.map((flavor) => [flavor.id, flavor.name]));
  return (
    <Card>
      <CardHead title={t("commitments")} description={t("commitmentsText")} actions={staff.may("admin") ? <Button size="sm" onClick={() => setAdding(true)}><Plus aria-hidden />{t("reserve")}</Button> : null} />
      {commitments.length === 0 ? (
        <EmptyState icon={CalendarClock} title={t("noCommitments")}>{t("noCommitmentsText")}</EmptyState>
      ) : (
        <Table label={t("commitments")}>
          <thead><tr><Th>{catalog("what")}</Th><Th right>{t("units")}</Th><Th right>{catalog("price")}</Th><Th className="hidden sm:table-cell">{t("time")}</Th><Th>{common("status")}</Th></tr></thead>
          <tbody>
            {commitments.map((one) => {
              const list = listPrice(one.meter, one.flavorId);
              const state = one.startsAt > now ? "future" : one.endsAt <= now ? "over" : "current";
              return (
                <Tr key={one.id}>
                  <Td className="font-medium">{one.meter === "instance" ? (names.get(one.flavorId ?? "") ?? one.flavorId) : catalog(`meters.${one.meter}`)}</Td>
                  <Td right>{formats.number(one.units)}</Td>
                  <Td right>{formats.perHour(one.microsPerHour, one.currency)}{list === null ? null : <span className="block text-xs text-muted">{t("listPrice", { price: formats.perHour(list, one.currency), off: formats.percent(1 - one.microsPerHour / list) })}</span>}</Td>
                  <Td className="hidden whitespace-nowrap sm:table-cell">{`${formats.date(one.startsAt)} – ${formats.date(one.endsAt)}`}</Td>
                  <Td><Badge tone={state === "current" ? "good" : state === "future" ? "accent" : "neutral"}>{t(`commitmentStates.${state}`)}</Badge></Td>
                </Tr>
              );
            })}
          </tbody>
        </Table>
      )}
      {adding ? <ReserveDialog organizationId={organizationId} currency={currency} flavors={flavors.data ?? []} listPrice={listPrice} onClose={() => setAdding(false)} /> : null}
    </Card>
  );
}
