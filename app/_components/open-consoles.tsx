"use client";

import { useTranslations } from "next-intl";
import { useState } from "react";
import type { RouterOutputs } from "@/server/api/root";
import { Confirm } from "./confirm";
import { TimeAgo } from "./time-ago";
import { Badge } from "./ui/badge";
import { Button } from "./ui/button";
import { Card, CardHead } from "./ui/card";

type LiveConsole = RouterOutputs["console"]["sessions"]["items"][number];

interface OpenConsolesProps {
  readonly items: readonly LiveConsole[];
  /** Absent where the reader may not end any. */
  readonly onEnd?: (consoleSessionId: string) => Promise<unknown>;
  readonly className?: string;
}

/** Who has a screen or terminal open now, with a way to end it. Nothing is shown while none is open. */
export function OpenConsoles({ items, onEnd, className }: OpenConsolesProps) {
  const t = useTranslations("console.open");
  const kinds = useTranslations("console");
  const [ending, setEnding] = useState<LiveConsole | null>(null);
  if (items.length === 0) return null;
  const who = (one: LiveConsole): string => one.userName ?? t("staff");
  return (
    <Card className={className}>
      <CardHead title={t("title")} description={t("text")} />
      <ul className="divide-y">
        {items.map((one) => (
          <li key={one.id} className="flex flex-wrap items-center justify-between gap-3 px-4 py-2.5">
            <span className="grid min-w-0">
              <span className="flex flex-wrap items-center gap-2">
                <span className="font-medium">{one.instanceName}</span>
                <Badge>{kinds(one.kind)}</Badge>
                {one.viewOnly ? <Badge>{kinds("viewOnly")}</Badge> : null}
              </span>
              <span className="text-xs text-muted">{who(one)} · <TimeAgo at={one.startedAt} /></span>
            </span>
            {onEnd ? <Button size="sm" onClick={() => setEnding(one)}>{t("end")}</Button> : null}
          </li>
        ))}
      </ul>
      <Confirm
        open={ending !== null}
        onOpenChange={(open) => (open ? undefined : setEnding(null))}
        title={t("endAsk", { name: ending?.instanceName ?? "" })}
        description={t("endText", { who: ending ? who(ending) : "" })}
        action={t("end")}
        danger
        onConfirm={async () => {
          if (ending && onEnd) await onEnd(ending.id);
        }}
      />
    </Card>
  );
}
