"use client";

import { useQuery } from "@tanstack/react-query";
import { Plus, Tags } from "lucide-react";
import { useNow, useTranslations } from "next-intl";
import { parseAsString, useQueryState } from "nuqs";
import { useState } from "react";
import type { RouterOutputs } from "@/server/api/root";
import { Loaded } from "@/app/_components/loaded";
import { PageHead } from "@/app/_components/page-head";
import { useStaff } from "@/app/_components/shell/viewer";
import { Moment } from "@/app/_components/time-ago";
import { Badge } from "@/app/_components/ui/badge";
import { Button } from "@/app/_components/ui/button";
import { Card, CardHead } from "@/app/_components/ui/card";
import { EmptyState } from "@/app/_components/ui/empty-state";
import { Select } from "@/app/_components/ui/field";
import { Table, Td, Th, Tr } from "@/app/_components/ui/table";
import { useFormats } from "@/app/_i18n/use-formats";
import { useTRPC } from "@/app/_trpc/client";
import { PriceDialog } from "./price-dialog";
import { PriceTerms } from "./price-terms";

type Version = RouterOutputs["admin"]["catalog"]["prices"][number];
const thingOf = (price: Version): string => `${price.meter}:${price.flavorId ?? ""}:${price.storageClass ?? ""}`;

/** The version of each thing that is in force, and those to come; what is over is kept below. */
export function PriceBook() {
  const t = useTranslations("adminMoney.prices");
  const catalog = useTranslations("admin.catalog");
  const nav = useTranslations("nav");
  const trpc = useTRPC();
  const staff = useStaff();
  const now = useNow({ updateInterval: 60_000 });
  const [currency, setCurrency] = useQueryState("currency", parseAsString);
  const [asking, setAsking] = useState(false);
  const prices = useQuery(trpc.admin.catalog.prices.queryOptions());
  const flavors = useQuery(trpc.admin.catalog.flavors.queryOptions());
  const names = new Map(flavors.data?.map((flavor) => [flavor.id, flavor.name]));
  const currencies = [...new Set(prices.data?.map((price) => price.currency))].toSorted();
  const shown = currencies.find((code) => code === currency) ?? currencies.find((code) => code === "JPY") ?? currencies[0] ?? "JPY";
  const add = staff.may("admin") ? <Button variant="primary" onClick={() => setAsking(true)}><Plus aria-hidden />{t("add")}</Button> : null;
  return (
    <>
      <PageHead title={nav("prices")} description={t("description")} actions={add} />
      {currencies.length > 1 ? (
        <div className="mb-3">
          <Select aria-label={catalog("currency")} value={shown} onChange={(event) => void setCurrency(event.target.value)}>
            {currencies.map((code) => <option key={code} value={code}>{code}</option>)}
          </Select>
        </div>
      ) : null}
      <Loaded query={prices}>
        {(all) => {
          const book = all.filter((price) => price.currency === shown);
          const newest = new Map<string, Version>();
          for (const price of book) {
            const known = newest.get(thingOf(price));
            if (price.validFrom <= now && (!known || price.validFrom > known.validFrom)) newest.set(thingOf(price), price);
          }
          const current = [...newest.values()];
          const future = book.filter((price) => price.validFrom > now).toSorted((a, b) => a.validFrom.getTime() - b.validFrom.getTime());
          const past = book.filter((price) => price.validFrom <= now && !current.includes(price));
          return (
            <div className="grid gap-4">
              {future.length > 0 ? <Versions title={t("future")} text={t("futureText")} list={future} names={names} before={newest} /> : null}
              <Card>
                <CardHead title={t("current")} description={t("currentText", { currency: shown })} />
                {current.length === 0 ? <EmptyState icon={Tags} title={catalog("noPrices")} action={add}>{catalog("noPricesText")}</EmptyState> : <VersionTable label={t("current")} list={current} names={names} />}
              </Card>
              {past.length > 0 ? (
                <details className="rounded-lg border bg-surface">
                  <summary className="px-4 py-3 text-sm font-semibold">{t("past", { count: past.length })}</summary>
                  <div className="border-t"><VersionTable label={t("past", { count: past.length })} list={past} names={names} /></div>
                </details>
              ) : null}
            </div>
          );
        }}
      </Loaded>
      <PriceDialog open={asking} onOpenChange={setAsking} flavors={flavors.data ?? []} currency={shown} />
    </>
  );
}

interface VersionsProps {
  readonly list: readonly Version[];
  readonly names: ReadonlyMap<string, string>;
  /** What is in force now, for showing the change. */
  readonly before?: ReadonlyMap<string, Version>;
}

function Versions({ title, text, ...rest }: VersionsProps & { readonly title: string; readonly text: string }) {
  return (
    <Card>
      <CardHead title={title} description={text} />
      <VersionTable label={title} {...rest} />
    </Card>
  );
}

function VersionTable({ label, list, names, before }: VersionsProps & { readonly label: string }) {
  const t = useTranslations("admin.catalog");
  const formats = useFormats();
  return (
    <Table label={label}>
      <thead><tr><Th>{t("what")}</Th><Th right>{t("price")}</Th><Th>{t("validFrom")}</Th><Th className="hidden lg:table-cell">{t("version")}</Th></tr></thead>
      <tbody>
        {list.map((price) => {
          const old = before?.get(thingOf(price));
          const change = old && old.microsPerHour > 0 ? price.microsPerHour / old.microsPerHour - 1 : null;
          return (
            <Tr key={price.id}>
              <Td>
                <span className="font-medium">{price.meter === "instance" ? (names.get(price.flavorId ?? "") ?? price.flavorId) : t(`meters.${price.meter}`)}</span>
                {price.storageClass ? <Badge className="ml-2">{price.storageClass}</Badge> : null}
                <PriceTerms price={price} />
              </Td>
              <Td right>
                {old && old.microsPerHour !== price.microsPerHour ? <s className="mr-2 text-muted">{formats.perHour(old.microsPerHour, price.currency)}</s> : null}
                {formats.perHour(price.microsPerHour, price.currency)}
                <span className="block text-xs text-muted">{formats.perMonth(price.microsPerHour, price.currency)}{change ? ` · ${change > 0 ? "+" : ""}${formats.percent(change)}` : ""}</span>
              </Td>
              <Td className="whitespace-nowrap"><Moment at={price.validFrom} /></Td>
              <Td className="hidden font-mono text-tiny text-muted lg:table-cell">{price.id}<span className="block">{price.createdBy}</span></Td>
            </Tr>
          );
        })}
      </tbody>
    </Table>
  );
}
