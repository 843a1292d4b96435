"use client";

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useTranslations } from "next-intl";
import { useState } from "react";
import { Loaded } from "@/app/_components/loaded";
import { PageHead } from "@/app/_components/page-head";
import { Select } from "@/app/_components/ui/field";
import { useTRPC } from "@/app/_trpc/client";
import { Factory } from "./factory";
import { Density } from "./density";
import { PoolHealth } from "./pool-health";
import { SessionHealth } from "./session-health";
import { Storm } from "./storm";

const HOURS = [1, 24, 168] as const;

/** How the desktops of all organizations are. */
export function DesktopsOverview() {
  const t = useTranslations("admin.desktops");
  const nav = useTranslations("nav");
  const trpc = useTRPC();
  const [hours, setHours] = useState<number>(24);
  const query = useQuery(trpc.admin.desktops.overview.queryOptions({ hours }, { placeholderData: keepPreviousData }));
  return (
    <>
      <PageHead
        title={nav("adminDesktops")}
        description={t("description")}
        actions={
          <Select aria-label={t("period")} value={hours} onChange={(event) => setHours(Number(event.target.value))}>
            {HOURS.map((one) => <option key={one} value={one}>{t("hours", { hours: one })}</option>)}
          </Select>
        }
      />
      <Loaded query={query}>
        {(overview) => (
          <div className="grid gap-4">
            <div className="grid items-start gap-4 xl:grid-cols-2">
              <SessionHealth overview={overview} />
              <Storm overview={overview} />
            </div>
            <PoolHealth pools={overview.pools} />
            <div className="grid items-start gap-4 xl:grid-cols-2">
              <Density hosts={overview.hosts} />
              <Factory rows={overview.factory} />
            </div>
          </div>
        )}
      </Loaded>
    </>
  );
}
