"use client";

import { useQuery } from "@tanstack/react-query";
import { useTranslations } from "next-intl";
import { parseAsStringLiteral, useQueryState } from "nuqs";
import { Loaded } from "@/app/_components/loaded";
import { PageHead } from "@/app/_components/page-head";
import { useStaff } from "@/app/_components/shell/viewer";
import { Tab, TabPanel, Tabs, TabsList } from "@/app/_components/ui/tabs";
import { useTRPC } from "@/app/_trpc/client";
import { ClusterWarnings } from "../cluster-warnings";
import { AdviceList } from "./advice-list";
import { AutomationForm } from "./automation-form";
import { ClusterOverview } from "./cluster-overview";
import { DrillList } from "./drill-list";
import { IncidentList } from "./incident-list";
import { NightList } from "./night-list";
import { PlacementRules } from "./placement-rules";
import { PolicyForm } from "./policy-form";
import { PowerTimeline } from "./power-timeline";
import { Rehearsals } from "./rehearsals";
import { UpdateList } from "./update-list";

const POWER_DAYS = 7;
const TABS = ["overview", "plans", "power", "incidents", "maintenance", "settings"] as const;

export function ClusterDetail({ clusterId }: { readonly clusterId: string }) {
  const t = useTranslations("admin.clusters");
  const nav = useTranslations("nav");
  const trpc = useTRPC();
  const staff = useStaff();
  const [tab, setTab] = useQueryState("tab", parseAsStringLiteral(TABS).withDefault("overview").withOptions({ history: "replace" }));
  const power = useQuery(trpc.admin.automation.powerTimeline.queryOptions({ clusterId, days: POWER_DAYS }));
  const query = useQuery(trpc.admin.clusters.get.queryOptions({ clusterId }));
  const editable = staff.may("admin");
  return (
    <Loaded query={query}>
      {(cluster) => (
        <>
          <PageHead title={cluster.name} parent={{ href: "/admin/clusters", label: nav("clusters") }} description={`${cluster.hypervisor} · ${cluster.cpuModel}`} />
          <Tabs value={tab} onValueChange={(value) => void setTab(TABS.find((name) => name === value) ?? "overview")}>
            <TabsList aria-label={cluster.name}>{TABS.map((name) => <Tab key={name} value={name}>{t(`tabs.${name}`)}</Tab>)}</TabsList>
            <TabPanel value="overview" className="grid gap-4">
              <ClusterWarnings warnings={cluster.warnings} />
              <ClusterOverview cluster={cluster} power={power.data} />
            </TabPanel>
            <TabPanel value="plans" className="grid gap-4">
              <AdviceList clusterId={cluster.id} editable={editable} />
              <Rehearsals cluster={cluster} mayAsk={staff.may("support")} editable={editable} />
            </TabPanel>
            <TabPanel value="power" className="grid gap-4">
              {power.data ? <PowerTimeline power={power.data} /> : null}
              {power.data ? <NightList power={power.data} /> : null}
            </TabPanel>
            <TabPanel value="incidents" className="grid gap-4">
              <IncidentList clusterId={cluster.id} />
              <DrillList clusterId={cluster.id} />
            </TabPanel>
            <TabPanel value="maintenance" className="grid gap-4">
              <UpdateList cluster={cluster} editable={editable} />
              <PlacementRules clusterId={cluster.id} editable={editable} />
            </TabPanel>
            <TabPanel value="settings" className="grid gap-4">
              <AutomationForm clusterId={cluster.id} editable={editable} />
              <PolicyForm clusterId={cluster.id} policy={cluster.policy} editable={editable} />
            </TabPanel>
          </Tabs>
        </>
      )}
    </Loaded>
  );
}
