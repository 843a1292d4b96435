"use client";

import { useQuery } from "@tanstack/react-query";
import { useTranslations } from "next-intl";
import { useState } from "react";
import { Loaded } from "@/app/_components/loaded";
import { TimeAgo } from "@/app/_components/time-ago";
import { Badge, type Tone } from "@/app/_components/ui/badge";
import { Card, CardHead } from "@/app/_components/ui/card";
import { useWords } from "@/app/_components/use-words";
import { useFormats } from "@/app/_i18n/use-formats";
import { useTRPC } from "@/app/_trpc/client";
import { ReceiptTable } from "./receipt-table";

const TONES: Readonly<Record<string, Tone>> = { crashing: "bad", watching: "accent", restoring: "accent", done: "good", failed: "warn" };

/** Crashes on purpose: what was foretold of each, and what was measured. */
export function DrillList({ clusterId }: { readonly clusterId: string }) {
  const t = useTranslations("admin.drills");
  const trpc = useTRPC();
  const formats = useFormats();
  const say = useWords();
  const [open, setOpen] = useState<string | null>(null);
  const query = useQuery(trpc.admin.rehearsals.drills.queryOptions({ clusterId }));
  return (
    <Card>
      <CardHead title={t("title")} description={t("text")} />
      <Loaded query={query}>
        {(rows) => rows.length === 0 ? <p className="p-4 text-muted">{t("none")}</p> : (
          <ul className="divide-y">
            {rows.map((row) => (
              <li key={row.id} className="grid min-w-0 gap-3 px-4 py-3">
                <button type="button" className="flex flex-wrap items-center gap-2 text-left" aria-expanded={open === row.id} onClick={() => setOpen(open === row.id ? null : row.id)}>
                  <Badge tone={TONES[row.state] ?? "neutral"} dot={row.finishedAt ? true : "moving"}>{t(`states.${row.state}`)}</Badge>
                  <span className="font-medium">{t("crashed", { host: row.hostName })}</span>
                  {typeof row.measured?.["backMs"] === "number" ? <span className="text-xs text-muted">{t("back", { duration: formats.duration(row.measured["backMs"]) })}</span> : null}
                  <span className="ml-auto text-xs text-muted"><TimeAgo at={row.orderedAt} /></span>
                </button>
                {open === row.id ? (
                  <div className="grid gap-2">
                    {row.reason ? <p>{say(row.reasonWords, row.reason)}</p> : null}
                    {row.receipt ? <ReceiptTable receipt={row.receipt} /> : null}
                  </div>
                ) : null}
              </li>
            ))}
          </ul>
        )}
      </Loaded>
    </Card>
  );
}
