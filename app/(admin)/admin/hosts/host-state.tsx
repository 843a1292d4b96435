"use client";

import { useTranslations } from "next-intl";
import type { RouterOutputs } from "@/server/api/root";
import { Badge, type Tone } from "@/app/_components/ui/badge";
import { useWords } from "@/app/_components/use-words";

export type HostSummary = RouterOutputs["admin"]["hosts"]["list"]["items"][number];

const TONES: Record<HostSummary["state"], Tone> = {
  enrolling: "accent", up: "good", suspect: "warn", isolated: "warn", unreachable: "bad", fencing: "bad", fenced: "bad", returning: "accent", asleep: "neutral", quarantined: "warn", retired: "neutral",
};
const MOVING: readonly HostSummary["state"][] = ["enrolling", "suspect", "fencing", "returning"];

export function HostState({ host }: { readonly host: Pick<HostSummary, "state" | "stateReason" | "stateWords" | "cordoned" | "draining" | "maintenance"> }) {
  const t = useTranslations("admin.hosts");
  const say = useWords();
  return (
    <span className="inline-flex flex-wrap gap-1">
      <Badge tone={TONES[host.state]} dot={MOVING.includes(host.state) ? "moving" : true} title={say(host.stateWords, host.stateReason) || undefined}>{t(`states.${host.state}`)}</Badge>
      {host.maintenance ? <Badge tone="warn">{t("maintenance")}</Badge> : host.draining ? <Badge tone="warn" dot="moving">{t("draining")}</Badge> : host.cordoned ? <Badge tone="warn">{t("cordoned")}</Badge> : null}
    </span>
  );
}
