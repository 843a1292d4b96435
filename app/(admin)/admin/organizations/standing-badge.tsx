"use client";

import { useTranslations } from "next-intl";
import type { Standing } from "@/server/tenancy/types";
import { Badge } from "@/app/_components/ui/badge";

export function StandingBadge({ standing }: { readonly standing: Standing }) {
  const t = useTranslations("standing");
  return <Badge tone={standing === "good" ? "good" : standing === "restricted" ? "warn" : "bad"} dot>{t(standing)}</Badge>;
}
