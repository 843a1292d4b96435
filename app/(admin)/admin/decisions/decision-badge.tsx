"use client";

import { useTranslations } from "next-intl";
import type { RouterOutputs } from "@/server/api/root";
import { Badge, type Tone } from "@/app/_components/ui/badge";

export type Decision = RouterOutputs["admin"]["decisions"]["list"]["items"][number];
const TONES: Record<Decision["outcome"], Tone> = { planned: "accent", applied: "good", superseded: "neutral", failed: "bad", refused: "warn" };

export function OutcomeBadge({ outcome }: { readonly outcome: Decision["outcome"] }) {
  const t = useTranslations("admin.decisions.outcomes");
  return <Badge tone={TONES[outcome]} dot={outcome === "planned" ? "moving" : true}>{t(outcome)}</Badge>;
}
