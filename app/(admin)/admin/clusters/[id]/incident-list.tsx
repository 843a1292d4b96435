"use client";

import { useQuery } from "@tanstack/react-query";
import { useTranslations } from "next-intl";
import { useState } from "react";
import { Loaded } from "@/app/_components/loaded";
import { TimeAgo } from "@/app/_components/time-ago";
import { Badge } from "@/app/_components/ui/badge";
import { Button } from "@/app/_components/ui/button";
import { Card, CardHead } from "@/app/_components/ui/card";
import { useFormats } from "@/app/_i18n/use-formats";
import { useTRPC, useTRPCClient } from "@/app/_trpc/client";

const SHOWN = 10;

/** What went wrong, from the first signal to the end; each as a report that can be sent on. */
export function IncidentList({ clusterId }: { readonly clusterId: string }) {
  const t = useTranslations("admin.automation");
  const trpc = useTRPC();
  const [open, setOpen] = useState<string | null>(null);
  const formats = useFormats();
  const incidents = useQuery(trpc.admin.automation.incidents.queryOptions({ clusterId, limit: SHOWN }));
  return (
    <Card>
      <CardHead title={t("incidents")} description={t("incidentsText")} />
      <Loaded query={incidents}>
        {({ items }) => items.length === 0 ? <p className="p-4 text-muted">{t("noIncidents")}</p> : (
          <ul className="divide-y">
            {items.map((one) => (
              <li key={one.id} className="grid gap-2 px-4 py-3">
                <button type="button" className="flex flex-wrap items-center gap-2 text-left" aria-expanded={open === one.id} onClick={() => setOpen(open === one.id ? null : one.id)}>
                  <Badge tone={one.closedAt ? "neutral" : "bad"} dot={one.closedAt ? true : "moving"}>{one.closedAt ? t("over") : t("goesOn")}</Badge>
                  <span className="font-medium">{one.title}</span>
                  <span className="ml-auto text-xs text-muted">{one.closedAt ? formats.duration(one.closedAt.getTime() - one.openedAt.getTime()) : null} <TimeAgo at={one.openedAt} /></span>
                </button>
                {open === one.id ? <Entries incidentId={one.id} /> : null}
              </li>
            ))}
          </ul>
        )}
      </Loaded>
    </Card>
  );
}

function Entries({ incidentId }: { readonly incidentId: string }) {
  const t = useTranslations("admin.automation");
  const formats = useFormats();
  const trpc = useTRPC();
  const client = useTRPCClient();
  const query = useQuery(trpc.admin.automation.incident.queryOptions({ incidentId }));
  const save = async (): Promise<void> => {
    const { fileName, text } = await client.admin.automation.exportIncident.query({ incidentId });
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text], { type: "text/markdown" }));
    link.download = fileName;
    link.click();
    URL.revokeObjectURL(link.href);
  };
  return (
    <Loaded query={query}>
      {(incident) => (
        <div className="grid gap-2">
          <ol className="grid gap-1.5 border-l pl-3 text-xs">
            {incident.entries.map((entry) => (
              <li key={entry.id} className="grid gap-x-3 sm:grid-cols-[5rem_1fr]">
                <span className="numeric text-muted">+{formats.duration(Math.max(0, entry.at.getTime() - incident.openedAt.getTime()))}</span>
                <span>{entry.text}</span>
              </li>
            ))}
          </ol>
          <span><Button size="sm" onClick={() => void save()}>{t("export")}</Button></span>
        </div>
      )}
    </Loaded>
  );
}
