"use client";

import { useTranslations } from "next-intl";
import type { RouterOutputs } from "@/server/api/root";
import { Moment } from "@/app/_components/time-ago";
import { Badge } from "@/app/_components/ui/badge";

type Subscription = RouterOutputs["admin"]["payments"]["subscriptions"][number];

const TONES = { wanted: "accent", active: "good", ending: "warn", ended: "neutral" } as const;

/** Where a flat amount is between agreed and over. */
export function SubscriptionState({ subscription: { status, endedAt } }: { readonly subscription: Pick<Subscription, "status" | "endedAt"> }) {
  const t = useTranslations("money.subscriptions");
  return (
    <>
      <Badge dot tone={TONES[status]}>{t(`states.${status}`)}</Badge>
      {endedAt ? <span className="block text-xs text-muted"><Moment at={endedAt} /></span> : null}
    </>
  );
}
