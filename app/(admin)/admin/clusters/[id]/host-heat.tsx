"use client";

import { Moon } from "lucide-react";
import Link from "next/link";
import { useTranslations } from "next-intl";
import type { RouterOutputs } from "@/server/api/root";
import { Card, CardBody, CardHead } from "@/app/_components/ui/card";
import { cn } from "@/app/_components/ui/cn";
import { useWords } from "@/app/_components/use-words";
import { useFormats } from "@/app/_i18n/use-formats";

type Cluster = RouterOutputs["admin"]["clusters"]["get"];
type Host = Cluster["hosts"][number];
type Timeline = RouterOutputs["admin"]["automation"]["powerTimeline"];

/** Beyond these parts of a host it is worth a look, and then full. */
const WARM = 0.6;
const HOT = 0.85;

function toneOf(state: Host["state"], load: number): string {
  if (state === "asleep") return "border-dashed bg-bg text-muted";
  if (state !== "up") return "border-bad bg-bad-soft text-bad";
  return load > HOT ? "border-bad bg-bad-soft" : load > WARM ? "border-warn bg-warn-soft" : load > 0 ? "border-good/60 bg-good-soft" : "bg-raised";
}

/** What the awake hosts have free, and how much of it is kept for the loss of the fullest ones. */
function reserveOf(cluster: Cluster): { readonly keptMiB: number; readonly freeMiB: number } {
  const up = cluster.hosts.filter((host) => host.state === "up" && !host.maintenance).map((host) => host.capacity.memoryMiB);
  const fullest = up.map((memory) => memory.committed).sort((a, b) => b - a).slice(0, cluster.policy.failoverHosts);
  return { keptMiB: fullest.reduce((sum, one) => sum + one, 0), freeMiB: up.reduce((sum, memory) => sum + Math.max(0, memory.sellable - memory.committed), 0) };
}

/** Every host as a tile: its colour is the fullest of what was sold and what is busy; the bar shows what is sold, kept in reserve and free. */
export function HostHeat({ cluster, power }: { readonly cluster: Cluster; readonly power: Timeline | undefined }) {
  const t = useTranslations("admin.automation");
  const states = useTranslations("admin.hosts.states");
  const formats = useFormats();
  const say = useWords();
  const last = new Map(power?.hosts.map((host) => [host.hostId, host.points.at(-1)]));
  const { keptMiB, freeMiB } = reserveOf(cluster);
  const keptPart = freeMiB > 0 ? Math.min(1, keptMiB / freeMiB) : 0;
  const watts = cluster.hosts.reduce((sum, host) => sum + (last.get(host.id)?.watts ?? 0), 0);
  const asleep = cluster.hosts.filter((host) => host.state === "asleep").length;
  return (
    <Card>
      <CardHead title={t("heat")} description={t("heatText")} />
      <CardBody className="grid gap-3">
        <dl className="numeric flex flex-wrap gap-x-8 gap-y-2">
          <div><dt className="text-xs text-muted">{t("awake")}</dt><dd className="text-lg font-medium">{t("awakeOf", { awake: cluster.hostsUp, all: cluster.hostsTotal })}</dd></div>
          <div><dt className="text-xs text-muted">{t("asleepCount")}</dt><dd className="text-lg font-medium">{formats.number(asleep)}</dd></div>
          <div><dt className="text-xs text-muted">{t("reserve", { count: cluster.policy.failoverHosts })}</dt><dd className={cn("text-lg font-medium", keptMiB > freeMiB && "text-bad")}>{t("reserveOf", { kept: formats.mebibytes(keptMiB), free: formats.mebibytes(freeMiB) })}</dd></div>
          {watts > 0 ? <div><dt className="text-xs text-muted">{t("drawn")}</dt><dd className="text-lg font-medium">{t("watts", { watts: formats.number(watts, 0) })}</dd></div> : null}
        </dl>
        <ul className="grid grid-cols-[repeat(auto-fill,minmax(11rem,1fr))] gap-2">
          {cluster.hosts.map((host) => {
            const { committed, sellable } = host.capacity.memoryMiB;
            const memory = sellable > 0 ? committed / sellable : 0;
            const cpu = last.get(host.id)?.cpuFraction ?? null;
            const drawn = last.get(host.id)?.watts ?? null;
            return (
              <li key={host.id}>
                <Link href={`/admin/hosts/${host.id}`} className={cn("grid gap-1.5 rounded-md border p-2.5 text-xs hover:border-accent", toneOf(host.state, Math.max(memory, cpu ?? 0)))} title={say(host.stateWords, host.stateReason) || undefined}>
                  <span className="flex justify-between gap-2"><span className="truncate font-medium text-ink">{host.name}</span><span className="inline-flex items-center gap-1">{host.state === "asleep" ? <Moon aria-hidden className="size-3" /> : null}{host.state === "up" ? t("machines", { count: host.instances }) : states(host.state)}</span></span>
                  <span aria-hidden className="flex h-1.5 overflow-hidden rounded-full bg-surface">
                    <span className="bg-accent" style={{ width: `${memory * 100}%` }} />
                    <span className="bg-accent/30" style={{ width: host.state === "up" ? `${Math.max(0, 1 - memory) * keptPart * 100}%` : 0 }} />
                  </span>
                  <span className="numeric flex justify-between gap-2 whitespace-nowrap text-muted">
                    <span>{t("tileMemory", { memory: formats.percent(memory) })}</span>
                    <span>{t("tileCpu", { cpu: cpu === null ? "–" : formats.percent(cpu) })}</span>
                    <span>{drawn === null ? "–" : t("watts", { watts: formats.number(drawn, 0) })}</span>
                  </span>
                </Link>
              </li>
            );
          })}
        </ul>
        <p className="flex flex-wrap gap-x-4 gap-y-1 text-xs text-muted">
          <span className="inline-flex items-center gap-1.5"><span aria-hidden className="h-1.5 w-4 rounded-full bg-accent" />{t("legendSold")}</span>
          <span className="inline-flex items-center gap-1.5"><span aria-hidden className="h-1.5 w-4 rounded-full bg-accent/30" />{t("legendReserve")}</span>
        </p>
      </CardBody>
    </Card>
  );
}
