"use client";

import { useQueryClient, type QueryFilters } from "@tanstack/react-query";
import { useSubscription } from "@trpc/tanstack-react-query";
import { useTranslations } from "next-intl";
import { createContext, useContext, useEffect, useRef, useState, type ReactNode } from "react";
import { cn } from "@/app/_components/ui/cn";
import { useTRPC } from "@/app/_trpc/client";

const LiveContext = createContext(true);
/** Changes come in bursts (a host dies, thirty instances move): one fetch for each burst. */
const GATHER_MS = 150;

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
  const waiting = useRef(new Set<string>());
  const timer = useRef<ReturnType<typeof setTimeout> | null>(null);

  const byTopic: Record<string, readonly QueryFilters[]> = {
    instance: [trpc.instances.pathFilter(), trpc.quota.pathFilter(), trpc.catalog.flavors.pathFilter(), trpc.admin.hosts.pathFilter()],
    image: [trpc.images.pathFilter()],
    "ssh-key": [trpc.sshKeys.pathFilter()],
    member: [trpc.members.pathFilter()],
    quota: [trpc.quota.pathFilter(), trpc.catalog.flavors.pathFilter(), trpc.admin.organizations.pathFilter()],
    usage: [trpc.usage.pathFilter(), trpc.billing.pathFilter(), trpc.instances.usage.pathFilter()],
    host: [trpc.admin.hosts.pathFilter(), trpc.admin.clusters.pathFilter()],
    cluster: [trpc.admin.clusters.pathFilter()],
    decision: [trpc.admin.decisions.pathFilter()],
    loop: [trpc.admin.loops.pathFilter()],
    organization: [trpc.organization.pathFilter(), trpc.admin.organizations.pathFilter()],
    catalog: [trpc.catalog.pathFilter(), trpc.admin.catalog.pathFilter()],
    audit: [trpc.audit.pathFilter(), trpc.admin.audit.list.pathFilter()],
  };

  const refetch = (topic: string): void => {
    waiting.current.add(topic);
    timer.current ??= setTimeout(() => {
      timer.current = null;
      const topics = [...waiting.current];
      waiting.current.clear();
      if (topics.includes("*")) return void queryClient.invalidateQueries();
      for (const filter of new Set(topics.flatMap((name) => byTopic[name] ?? []))) void queryClient.invalidateQueries(filter);
    }, GATHER_MS);
  };

  const stream = useSubscription(
    trpc.live.changes.subscriptionOptions(organization ? { organization } : {}, {
      enabled: visible,
      onData: (event) => refetch(event.topic),
    }),
  );
  const connected = stream.status === "pending";
  useEffect(() => {
    // What changed before the stream stood, or while it was down, was told to nobody.
    if (connected) void queryClient.invalidateQueries();
  }, [connected, queryClient]);
  useEffect(() => () => void (timer.current && clearTimeout(timer.current)), []);

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
