"use client";

import { useQueryClient, type QueryFilters } from "@tanstack/react-query";
import { useSubscription } from "@trpc/tanstack-react-query";
import { useTranslations } from "next-intl";
import { createContext, useContext, useEffect, useState, type ReactNode } from "react";
import { cn } from "@/app/_components/ui/cn";
import { useTRPC } from "@/app/_trpc/client";

const LiveContext = createContext(true);
/** Changes come in bursts (a host dies, thirty instances move): one fetch for each burst. */
const GATHER_MS = 150;

interface Gatherer {
  readonly add: (topic: string, flush: (topics: readonly string[]) => void) => void;
  readonly stop: () => void;
}

function makeGatherer(): Gatherer {
  const waiting = new Set<string>();
  let timer: ReturnType<typeof setTimeout> | null = null;
  return {
    add: (topic, flush) => {
      waiting.add(topic);
      timer ??= setTimeout(() => {
        timer = null;
        const topics = [...waiting];
        waiting.clear();
        flush(topics);
      }, GATHER_MS);
    },
    stop: () => {
      if (timer) clearTimeout(timer);
      timer = null;
    },
  };
}

const subscribeVisible = (listener: () => void): (() => void) => {
  document.addEventListener("visibilitychange", listener);
  return () => document.removeEventListener("visibilitychange", listener);
};

function useVisible(): boolean {
  const [visible, setVisible] = useState(true);
  useEffect(() => subscribeVisible(() => setVisible(!document.hidden)), []);
  return visible;
}

/**
 * One stream of server-sent events for the page. A change names what it touched; the queries that show it are fetched
 * again. A hidden tab lets its stream go (a browser keeps six connections to a host over HTTP/1.1, and a seventh tab
 * would wait for ever) and fetches everything when it is seen again.
 */
export function LiveChanges({ organization, children }: { readonly organization?: string; readonly children: ReactNode }) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const visible = useVisible();
  const [gatherer] = useState(makeGatherer);

  const byTopic: Record<string, readonly QueryFilters[]> = {
    instance: [trpc.instances.pathFilter(), trpc.networks.pathFilter(), trpc.quota.pathFilter(), trpc.catalog.flavors.pathFilter(), trpc.admin.hosts.pathFilter(), trpc.desktops.pathFilter()],
    desktop: [trpc.desktops.pathFilter(), trpc.desktopPools.pathFilter(), trpc.desktopGroups.pathFilter(), trpc.admin.desktops.pathFilter()],
    image: [trpc.images.pathFilter()],
    network: [trpc.networks.pathFilter()],
    "ssh-key": [trpc.sshKeys.pathFilter()],
    member: [trpc.members.pathFilter()],
    console: [trpc.console.pathFilter(), trpc.admin.consoles.pathFilter()],
    quota: [trpc.quota.pathFilter(), trpc.catalog.flavors.pathFilter(), trpc.admin.organizations.pathFilter()],
    usage: [trpc.usage.pathFilter(), trpc.billing.pathFilter(), trpc.instances.usage.pathFilter()],
    billing: [trpc.billing.pathFilter(), trpc.admin.payments.pathFilter(), trpc.admin.billing.pathFilter()],
    payment: [trpc.billing.pathFilter(), trpc.admin.payments.pathFilter(), trpc.admin.billing.pathFilter(), trpc.admin.organizations.pathFilter()],
    host: [trpc.admin.hosts.pathFilter(), trpc.admin.clusters.pathFilter(), trpc.admin.automation.powerTimeline.pathFilter()],
    cluster: [trpc.admin.clusters.pathFilter(), trpc.admin.automation.pathFilter(), trpc.admin.rehearsals.pathFilter()],
    decision: [trpc.admin.decisions.pathFilter()],
    loop: [trpc.admin.loops.pathFilter()],
    organization: [trpc.organization.pathFilter(), trpc.admin.organizations.pathFilter()],
    catalog: [trpc.catalog.pathFilter(), trpc.admin.catalog.pathFilter()],
    audit: [trpc.audit.pathFilter(), trpc.admin.audit.list.pathFilter()],
  };

  const refetch = (topics: readonly string[]): void => {
    if (topics.includes("*")) return void queryClient.invalidateQueries();
    for (const filter of new Set(topics.flatMap((name) => byTopic[name] ?? []))) void queryClient.invalidateQueries(filter);
  };

  const stream = useSubscription(
    trpc.live.changes.subscriptionOptions(organization ? { organization } : {}, {
      enabled: visible,
      onData: (event) => gatherer.add(event.topic, refetch),
    }),
  );
  const connected = stream.status === "pending";
  useEffect(() => {
    // What changed before the stream stood, or while it was down, was told to nobody.
    if (connected) void queryClient.invalidateQueries();
  }, [connected, queryClient]);
  useEffect(() => () => gatherer.stop(), [gatherer]);

  return <LiveContext value={connected || !visible}>{children}</LiveContext>;
}

/** True while changes arrive by themselves. */
export function useLive(): boolean {
  return useContext(LiveContext);
}

export function LiveIndicator() {
  const t = useTranslations("common");
  const live = useLive();
  return (
    <span role="status" title={live ? t("liveHint") : t("offlineHint")} className="grid size-7 place-items-center">
      <span className={cn("size-2 rounded-full", live ? "bg-good" : "animate-pulse-soft bg-warn")} />
      <span className="sr-only">{live ? t("live") : t("offline")}</span>
    </span>
  );
}
