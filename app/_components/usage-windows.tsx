"use client";

import type { UseQueryResult } from "@tanstack/react-query";
import { ChevronRight } from "lucide-react";
import { useTranslations } from "next-intl";
import { useState, type ReactNode } from "react";
import type { RouterOutputs } from "@/server/api/root";
import { Loaded } from "@/app/_components/loaded";
import { Moment } from "@/app/_components/time-ago";
import { cn } from "@/app/_components/ui/cn";
import { useFormats } from "@/app/_i18n/use-formats";

/** Why a window ended, as metering names it; another word is shown as it is. */
const REASONS = ["stopped", "resized", "restarted", "period-end", "host-lost", "deleted", "consent"] as const;

export type UsageWindow = RouterOutputs["billing"]["lineWindows"][number];

interface UsageWindowsProps {
  readonly query: UseQueryResult<readonly UsageWindow[], unknown>;
  /** What an opened window shows. */
  readonly children: (window: UsageWindow) => ReactNode;
}

/** The windows behind a line of a bill, as the database has them; each opens to what happened to its machine meanwhile. */
export function UsageWindows({ query, children }: UsageWindowsProps) {
  const t = useTranslations("billing");
  const money = useTranslations("money.windows");
  const formats = useFormats();
  const [open, setOpen] = useState<string | null>(null);
  const reasonOf = (reason: string | null): string => {
    const known = REASONS.find((one) => one === reason);
    return known ? money(`reasons.${known}`) : (reason ?? "");
  };
  return (
    <Loaded query={query}>
      {(windows) => (
        <ol className="grid gap-1 text-xs" aria-label={t("windows")}>
          {windows.map((window) => {
            const expanded = open === window.id;
            return (
              <li key={window.id}>
                <button type="button" aria-expanded={expanded} onClick={() => setOpen(expanded ? null : window.id)} className="grid w-full grid-cols-[1rem_minmax(0,1fr)] gap-x-2 rounded px-1 py-1 text-left hover:bg-raised sm:grid-cols-[1rem_minmax(0,2fr)_minmax(0,1fr)_minmax(0,1fr)]">
                  <ChevronRight aria-hidden className={cn("mt-0.5 size-3.5 text-muted transition-transform", expanded && "rotate-90")} />
                  <span>
                    <Moment at={window.startedAt} /> – {window.closedAt ? <Moment at={window.endedAt} /> : money("stillRunning")}
                  </span>
                  <span className="numeric max-sm:col-start-2">{formats.duration(window.endedAt.getTime() - window.startedAt.getTime())}{window.quantity === 1 ? "" : ` × ${window.meter === "storage" ? formats.gibibytes(window.quantity) : formats.number(window.quantity)}`}</span>
                  <span className="text-muted max-sm:col-start-2">{window.closedAt ? reasonOf(window.closedReason) : money("confirmedAt", { at: formats.time(window.endedAt) })}</span>
                </button>
                {expanded ? children(window) : null}
              </li>
            );
          })}
        </ol>
      )}
    </Loaded>
  );
}
