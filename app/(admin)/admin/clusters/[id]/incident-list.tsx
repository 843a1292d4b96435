"use client";

import { useQuery } from "@tanstack/react-query";
import { useLocale, useTimeZone, useTranslations } from "next-intl";
import { useState } from "react";
import type { RouterOutputs } from "@/server/api/root";
import { Loaded } from "@/app/_components/loaded";
import { saveFile } from "@/app/_components/save-file";
import { TimeAgo } from "@/app/_components/time-ago";
import { Badge } from "@/app/_components/ui/badge";
import { Button } from "@/app/_components/ui/button";
import { Card, CardHead } from "@/app/_components/ui/card";
import { cn } from "@/app/_components/ui/cn";
import { useWords } from "@/app/_components/use-words";
import { useFormats } from "@/app/_i18n/use-formats";
import { useTRPC } from "@/app/_trpc/client";
import { incidentReport } from "./incident-report";

type Incident = RouterOutputs["admin"]["automation"]["incident"];
const SHOWN = 10;
const DOTS: Readonly<Record<string, string>> = { signal: "bg-bad", fencing: "bg-warn", restart: "bg-good", power: "bg-accent", operator: "bg-accent", end: "bg-good" };

/** What went wrong, from the first signal to the end; each as a report that can be sent on. */
export function IncidentList({ clusterId }: { readonly clusterId: string }) {
  const t = useTranslations("admin.automation");
  const trpc = useTRPC();
  const [open, setOpen] = useState<string | null>(null);
  const formats = useFormats();
  const say = useWords();
  const incidents = useQuery(trpc.admin.automation.incidents.queryOptions({ clusterId, limit: SHOWN }));
  return (
    <Card>
      <CardHead title={t("incidents")} description={t("incidentsText")} />
      <Loaded query={incidents}>
        {({ items }) => items.length === 0 ? <p className="p-4 text-muted">{t("noIncidents")}</p> : (
          <ul className="divide-y">
            {items.map((one) => (
              <li key={one.id} className="grid gap-3 px-4 py-3">
                <button type="button" className="flex flex-wrap items-center gap-2 text-left" aria-expanded={open === one.id} onClick={() => setOpen(open === one.id ? null : one.id)}>
                  <Badge tone={one.closedAt ? "neutral" : "bad"} dot={one.closedAt ? true : "moving"}>{one.closedAt ? t("over") : t("goesOn")}</Badge>
                  <span className="font-medium">{say(one.titleWords, one.title)}</span>
                  <span className="ml-auto text-xs text-muted">{one.closedAt ? `${formats.duration(one.closedAt.getTime() - one.openedAt.getTime())} · ` : null}<TimeAgo at={one.openedAt} /></span>
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
  const phrase = useTranslations("admin.automation.report");
  const say = useWords();
  const locale = useLocale();
  const timeZone = useTimeZone() ?? "UTC";
  const query = useQuery(trpc.admin.automation.incident.queryOptions({ incidentId }));
  const save = (incident: Incident): void => {
    const { fileName, text } = incidentReport(incident, { locale, timeZone, phrase, say, duration: formats.duration });
    saveFile(fileName, "text/markdown", text);
  };
  return (
    <Loaded query={query}>
      {(incident) => (
        <div className="grid gap-3">
          <Stages incident={incident} />
          <ol className="grid">
            {incident.entries.map((entry, index) => (
              <li key={entry.id} className="relative grid grid-cols-[5.5rem_1rem_minmax(0,1fr)] gap-2 pb-2 text-xs last:pb-0">
                <span className="numeric text-right text-muted">+{formats.duration(Math.max(0, entry.at.getTime() - incident.openedAt.getTime()))}</span>
                {index < incident.entries.length - 1 ? <span aria-hidden className="absolute top-3 bottom-0 left-[6.47rem] w-px bg-line" /> : null}
                <span aria-hidden className={cn("mt-1 size-2 justify-self-center rounded-full", DOTS[entry.kind] ?? "bg-line-strong")} />
                <span className="break-words">{say(entry.words, entry.text)}</span>
              </li>
            ))}
          </ol>
          <span><Button size="sm" onClick={() => save(incident)}>{t("export")}</Button></span>
        </div>
      )}
    </Loaded>
  );
}

/** The stages in one line, as far as they are known. */
function Stages({ incident }: { readonly incident: Incident }) {
  const t = useTranslations("admin.automation");
  const formats = useFormats();
  const figure = (name: string): number | null => (typeof incident.figures[name] === "number" ? incident.figures[name] : null);
  const [detect, fence, lost, back] = [figure("detectMs"), figure("fenceMs"), figure("instances"), figure("back")];
  const parts = [
    ...(detect === null ? [] : [t("stages.detectMs", { duration: formats.duration(detect) })]),
    ...(fence === null ? [] : [t("stages.fenceMs", { duration: formats.duration(fence) })]),
    ...(lost === null ? [] : [t("stages.instances", { count: lost })]),
    ...(back === null ? [] : [t("stages.back", { count: back })]),
    ...(incident.closedAt ? [t("length", { duration: formats.duration(incident.closedAt.getTime() - incident.openedAt.getTime()) })] : []),
  ];
  return parts.length === 0 ? null : <p className="flex flex-wrap gap-1.5">{parts.map((part) => <Badge key={part}>{part}</Badge>)}</p>;
}
