"use client";

import { useQuery } from "@tanstack/react-query";
import { History } from "lucide-react";
import { useTranslations } from "next-intl";
import { Loaded } from "@/app/_components/loaded";
import { useOrganization } from "@/app/_components/shell/viewer";
import { Moment, TimeAgo } from "@/app/_components/time-ago";
import { Card } from "@/app/_components/ui/card";
import { cn } from "@/app/_components/ui/cn";
import { EmptyState } from "@/app/_components/ui/empty-state";
import { useTRPC } from "@/app/_trpc/client";
import { useEventText } from "@/app/_components/use-event-text";

interface TimelineProps {
  readonly instanceId: string;
  readonly limit?: number;
  /** Inside a card of somebody else's. */
  readonly bare?: boolean;
}

export function Timeline({ instanceId, limit, bare }: TimelineProps) {
  const t = useTranslations("timeline");
  const { slug: organization } = useOrganization();
  const trpc = useTRPC();
  const describe = useEventText();
  const query = useQuery(trpc.instances.timeline.queryOptions({ organization, instanceId }));
  const list = (
    <Loaded query={query}>
      {({ items }) => {
        const shown = limit ? items.slice(0, limit) : items;
        if (shown.length === 0) return <EmptyState icon={History} title={t("empty")} />;
        return (
          <ol className="grid px-4 py-3">
            {shown.map((event, index) => {
              const { text, tone } = describe(event);
              return (
                <li key={event.id} className="relative grid grid-cols-[1rem_minmax(0,1fr)] gap-2.5 pb-3 last:pb-0">
                  {index < shown.length - 1 ? <span aria-hidden className="absolute top-4 bottom-0 left-[0.47rem] w-px bg-line" /> : null}
                  <span aria-hidden className={cn("mt-1.5 size-2 justify-self-center rounded-full", tone === "good" ? "bg-good" : tone === "warn" ? "bg-warn" : tone === "bad" ? "bg-bad" : "bg-line-strong")} />
                  <span className="grid">
                    <span>{text}</span>
                    <span className="text-xs text-muted">
                      {limit ? <TimeAgo at={event.at} /> : <Moment at={event.at} />}
                    </span>
                  </span>
                </li>
              );
            })}
          </ol>
        );
      }}
    </Loaded>
  );
  return bare ? list : <Card>{list}</Card>;
}
