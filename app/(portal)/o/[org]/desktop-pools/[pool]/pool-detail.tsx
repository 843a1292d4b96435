"use client";

import { useQuery } from "@tanstack/react-query";
import { useTranslations } from "next-intl";
import { useQueryState, parseAsStringLiteral } from "nuqs";
import { Loaded } from "@/app/_components/loaded";
import { PageHead } from "@/app/_components/page-head";
import { useOrganization } from "@/app/_components/shell/viewer";
import { Badge } from "@/app/_components/ui/badge";
import { Card } from "@/app/_components/ui/card";
import { Notice } from "@/app/_components/ui/notice";
import { Tab, TabPanel, Tabs, TabsList } from "@/app/_components/ui/tabs";
import { useTRPC } from "@/app/_trpc/client";
import { standing, type Pool } from "../pool-figures";
import { DesktopsTab } from "./desktops-tab";
import { PeopleTab } from "./people-tab";
import { RollOutCard } from "./roll-out-card";
import { SessionsTab } from "./sessions-tab";
import { SettingsTab } from "./settings-tab";

const TABS = ["desktops", "sessions", "people", "settings"] as const;

export function PoolDetail({ poolId }: { readonly poolId: string }) {
  const t = useTranslations("desktopPools");
  const nav = useTranslations("nav");
  const { slug: organization } = useOrganization();
  const trpc = useTRPC();
  const [tab, setTab] = useQueryState("tab", parseAsStringLiteral(TABS).withDefault("desktops"));
  const query = useQuery(trpc.desktopPools.get.queryOptions({ organization, poolId }));
  return (
    <>
      <PageHead
        title={query.data?.name ?? nav("desktopPools")}
        parent={{ href: `/o/${organization}/desktop-pools`, label: nav("desktopPools") }}
        badge={query.data ? <Badge>{t(`kinds.${query.data.kind}`)}</Badge> : null}
        description={query.data ? [query.data.goldenImageName, t("version", { number: query.data.versionNumber }), query.data.flavorName, query.data.networkName].filter((part) => part !== null).join(" · ") : null}
      />
      <Loaded query={query}>
        {(pool) => (
          <>
            {pool.troubleCode ? <Notice kind="bad" title={t("troubleTitle")} className="mb-4">{pool.troubleText ?? pool.troubleCode}</Notice> : null}
            <Figures pool={pool} />
            <RollOutCard pool={pool} />
            <Tabs value={tab} onValueChange={(value) => void setTab(TABS.find((name) => name === value) ?? "desktops")} className="mt-6">
              <TabsList>
                {TABS.map((name) => <Tab key={name} value={name}>{t(`tabs.${name}`)}</Tab>)}
              </TabsList>
              <TabPanel value="desktops"><DesktopsTab pool={pool} /></TabPanel>
              <TabPanel value="sessions"><SessionsTab poolId={pool.id} /></TabPanel>
              <TabPanel value="people"><PeopleTab poolId={pool.id} poolName={pool.name} /></TabPanel>
              <TabPanel value="settings"><SettingsTab key={pool.updatedAt.getTime()} pool={pool} /></TabPanel>
            </Tabs>
          </>
        )}
      </Loaded>
    </>
  );
}

function Figures({ pool }: { readonly pool: Pool }) {
  const t = useTranslations("desktopPools");
  const { inUse, ready, asleep, onTheWay, failed, all } = standing(pool);
  const figures = [["inUse", inUse], ["ready", ready], ["asleep", asleep], ["onTheWay", onTheWay], ["failed", failed]] as const;
  return (
    <Card className="flex flex-wrap items-center gap-x-8 gap-y-3 px-4 py-3">
      {figures.map(([name, count]) => (
        <div key={name}>
          <p className="text-xs text-muted">{t(name)}</p>
          <p className={name === "failed" && count > 0 ? "numeric text-lg font-semibold text-bad" : "numeric text-lg font-semibold"}>{count}</p>
        </div>
      ))}
      <div className="ml-auto text-right text-xs text-muted">
        <p>{t("ofMaximum", { count: all, maximum: pool.maximum })}</p>
        <p className={pool.waiting > 0 ? "text-warn" : undefined}>{t("waiting", { count: pool.waiting })}</p>
      </div>
    </Card>
  );
}
