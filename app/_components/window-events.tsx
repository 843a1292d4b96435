"use client";

import type { UseQueryResult } from "@tanstack/react-query";
import { useTranslations } from "next-intl";
import type { ReactNode } from "react";
import type { RouterOutputs } from "@/server/api/root";
import { Loaded } from "@/app/_components/loaded";
import { Moment } from "@/app/_components/time-ago";
import { useEventText } from "@/app/_components/use-event-text";
import type { UsageWindow } from "@/app/_components/usage-windows";

/** A start is ordered some seconds before its window opens, and a stop is noted some seconds after it closes. */
const AROUND_MS = 120_000;
const MOST_EVENTS = 100;

/** Which part of a machine's timeline goes with a window; of one that still grows, everything since. */
export function timelineOf({ instanceId, startedAt, endedAt, closedAt }: UsageWindow) {
  return { instanceId, from: new Date(startedAt.getTime() - AROUND_MS), ...(closedAt ? { to: new Date(endedAt.getTime() + AROUND_MS) } : {}), limit: MOST_EVENTS };
}

interface WindowEventsProps {
  readonly window: UsageWindow;
  readonly query: UseQueryResult<Pick<RouterOutputs["instances"]["timeline"], "items">, unknown>;
  /** Where more of the machine can be read. */
  readonly more?: ReactNode;
}

/** What happened to the machine from shortly before a window until shortly after it; `query` is asked with `timelineOf`. */
export function WindowEvents({ window, query, more }: WindowEventsProps) {
  const t = useTranslations("money.windows");
  const describe = useEventText();
  return (
    <div className="mt-1 mb-2 ml-7 grid gap-1.5 rounded-md border bg-surface px-3 py-2">
      <Loaded query={query}>
        {({ items }) =>
          items.length === 0 ? (
            <p className="text-muted">{t("noEvents")}</p>
          ) : (
            <ol className="grid gap-1" aria-label={t("events")}>
              {items.map((event) => (
                <li key={event.id} className="flex flex-wrap justify-between gap-x-4">
                  <span>{describe(event).text}</span>
                  <Moment at={event.at} className="numeric text-muted" />
                </li>
              ))}
            </ol>
          )
        }
      </Loaded>
      <p className="flex flex-wrap justify-between gap-x-4 text-tiny text-muted">
        <span className="font-mono">{window.id}</span>
        {more}
      </p>
    </div>
  );
}
