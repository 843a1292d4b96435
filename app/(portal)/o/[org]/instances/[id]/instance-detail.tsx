"use client";

import { useQuery } from "@tanstack/react-query";
import { useTranslations } from "next-intl";
import { parseAsStringLiteral, useQueryState } from "nuqs";
import { StatusBadge } from "@/app/_components/instance-status";
import { Loaded } from "@/app/_components/loaded";
import { PageHead } from "@/app/_components/page-head";
import { useOrganization } from "@/app/_components/shell/viewer";
import { Skeleton, SkeletonRows } from "@/app/_components/ui/skeleton";
import { Tab, TabPanel, Tabs, TabsList } from "@/app/_components/ui/tabs";
import { useWords } from "@/app/_components/use-words";
import { useTRPC } from "@/app/_trpc/client";
import { ConsoleTab } from "./console-tab";
import { DangerZone } from "./danger-zone";
import { InstanceActions } from "./instance-actions";
import { InstanceNotices } from "./instance-notices";
import { Overview } from "./overview";
import { Timeline } from "./timeline";
import type { Instance } from "./types";
import { UsageTab } from "./usage-tab";

const TABS = ["overview", "console", "usage", "activity", "settings"] as const;

/** `initial` is what the server saw while it made the page; from then on the page keeps itself up to date. */
export function InstanceDetail({ instanceId, initial }: { readonly instanceId: string; readonly initial: Instance | undefined }) {
  const t = useTranslations("instance");
  const nav = useTranslations("nav");
  const { slug, may } = useOrganization();
  const trpc = useTRPC();
  const say = useWords();
  const [tab, setTab] = useQueryState("tab", parseAsStringLiteral(TABS).withDefault("overview").withOptions({ history: "replace" }));
  const query = useQuery(trpc.instances.get.queryOptions({ organization: slug, instanceId }, { initialData: initial }));
  const parent = { href: `/o/${slug}/instances`, label: nav("instances") };

  return (
    <Loaded
      query={query}
      skeleton={
        <>
          <PageHead title={<Skeleton className="h-6 w-48" />} parent={parent} />
          <SkeletonRows />
        </>
      }
    >
      {(instance) => (
        <>
          <PageHead
            parent={parent}
            title={instance.name}
            badge={<StatusBadge status={instance.status} reason={instance.statusReason === null ? null : say(instance.statusWords, instance.statusReason)} />}
            actions={may("operator") ? <InstanceActions instance={instance} onConsole={() => void setTab("console")} /> : null}
          />
          <InstanceNotices instance={instance} />
          <Tabs value={tab} onValueChange={(value) => void setTab(TABS.find((name) => name === value) ?? "overview")}>
            <TabsList aria-label={t("title")}>
              {TABS.filter((name) => name !== "settings" || may("operator")).map((name) => (
                <Tab key={name} value={name}>
                  {t(`tabs.${name}`)}
                </Tab>
              ))}
            </TabsList>
            <TabPanel value="overview">
              <Overview instance={instance} onActivity={() => void setTab("activity")} />
            </TabPanel>
            <TabPanel value="console">
              <ConsoleTab instance={instance} />
            </TabPanel>
            <TabPanel value="usage">
              <UsageTab instance={instance} />
            </TabPanel>
            <TabPanel value="activity">
              <Timeline instanceId={instance.id} />
            </TabPanel>
            <TabPanel value="settings">{may("operator") ? <DangerZone instance={instance} /> : null}</TabPanel>
          </Tabs>
        </>
      )}
    </Loaded>
  );
}
