"use client";

import { useQuery } from "@tanstack/react-query";
import { useTranslations } from "next-intl";
import Link from "next/link";
import { Loaded } from "@/app/_components/loaded";
import { useOrganization } from "@/app/_components/shell/viewer";
import { Moment } from "@/app/_components/time-ago";
import { useTRPC } from "@/app/_trpc/client";
import { useEventText } from "../instances/[id]/use-event-text";

/** A start is ordered some seconds before its window opens, and a stop is noted some seconds after it closes. */
const AROUND_MS = 120_000;

interface WindowEventsProps {
  readonly instanceId: string;
  readonly windowId: string;
  readonly from: Date;
  readonly to: Date;
}

/** What happened to the machine from shortly before a window until shortly after it. */
export function WindowEvents({ instanceId, windowId, from, to }: WindowEventsProps) {
  const t = useTranslations("money.windows");
  const { slug: organization } = useOrganization();
  const trpc = useTRPC();
  const describe = useEventText();
  const query = useQuery(trpc.instances.timeline.queryOptions({ organization, instanceId }));
  return (
    <div className="mt-1 mb-2 ml-7 grid gap-1.5 rounded-md border bg-surface px-3 py-2">
      <Loaded query={query}>
        {({ items }) => {
          const shown = items.filter(({ at }) => at.getTime() >= from.getTime() - AROUND_MS && at.getTime() <= to.getTime() + AROUND_MS);
          return shown.length === 0 ? (
            <p className="text-muted">{t("noEvents")}</p>
          ) : (
            <ol className="grid gap-1" aria-label={t("events")}>
              {shown.map((event) => (
                <li key={event.id} className="flex flex-wrap justify-between gap-x-4">
                  <span>{describe(event).text}</span>
                  <Moment at={event.at} className="numeric text-muted" />
                </li>
              ))}
            </ol>
          );
        }}
      </Loaded>
      <p className="flex flex-wrap justify-between gap-x-4 text-tiny text-muted">
        <span className="font-mono">{windowId}</span>
        <Link href={`/o/${organization}/instances/${instanceId}?tab=activity`} className="underline-offset-2 hover:underline">{t("toInstance")}</Link>
      </p>
    </div>
  );
}
