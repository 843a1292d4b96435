"use client";

import Link from "next/link";
import { useTranslations } from "next-intl";
import type { RouterOutputs } from "@/server/api/root";
import { Card, CardBody, CardHead } from "@/app/_components/ui/card";
import { cn } from "@/app/_components/ui/cn";
import { useFormats } from "@/app/_i18n/use-formats";

type Cluster = RouterOutputs["admin"]["clusters"]["get"];
type Timeline = RouterOutputs["admin"]["automation"]["powerTimeline"];

/** Beyond these parts of a host it is worth a look, and then full. */
const WARM = 0.6;
const HOT = 0.85;

function toneOf(state: Cluster["hosts"][number]["state"], load: number): string {
  if (state === "asleep") return "border-dashed bg-bg text-muted";
  if (state !== "up") return "border-bad bg-bad-soft text-bad";
  return load > HOT ? "border-bad bg-bad-soft" : load > WARM ? "border-warn bg-warn-soft" : load > 0 ? "border-good bg-good-soft" : "bg-raised";
}

/** Every host as a tile: its colour is the fullest of what was sold and what is busy; sleepers are empty frames. */
export function HostHeat({ hosts, power }: { readonly hosts: Cluster["hosts"]; readonly power: Timeline | undefined }) {
  const t = useTranslations("admin.automation");
  const states = useTranslations("admin.hosts.states");
  const formats = useFormats();
  const busy = new Map(power?.hosts.map((host) => [host.hostId, host.points.at(-1)?.cpuFraction ?? null]));
  const watts = new Map(power?.hosts.map((host) => [host.hostId, host.points.at(-1)?.watts ?? null]));
  return (
    <Card>
      <CardHead title={t("heat")} description={t("heatText")} />
      <CardBody>
        <ul className="grid grid-cols-[repeat(auto-fill,minmax(9rem,1fr))] gap-2">
          {hosts.map((host) => {
            const memory = host.capacity.memoryMiB.sellable > 0 ? host.capacity.memoryMiB.committed / host.capacity.memoryMiB.sellable : 0;
            const cpu = busy.get(host.id) ?? null;
            const drawn = watts.get(host.id) ?? null;
            return (
              <li key={host.id}>
                <Link href={`/admin/hosts/${host.id}`} className={cn("grid gap-1 rounded-md border p-2.5 text-xs hover:border-accent", toneOf(host.state, Math.max(memory, cpu ?? 0)))} title={host.stateReason || undefined}>
                  <span className="flex justify-between gap-2"><span className="font-medium text-ink">{host.name}</span><span>{host.state === "up" ? t("machines", { count: host.instances }) : states(host.state)}</span></span>
                  <span className="numeric text-muted">{t("tile", { memory: formats.percent(memory), cpu: cpu === null ? "–" : formats.percent(cpu), watts: drawn === null ? "–" : formats.number(drawn, 0) })}</span>
                </Link>
              </li>
            );
          })}
        </ul>
      </CardBody>
    </Card>
  );
}
