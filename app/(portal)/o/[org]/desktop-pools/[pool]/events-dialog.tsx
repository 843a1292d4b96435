"use client";

import { useQuery } from "@tanstack/react-query";
import { useTranslations } from "next-intl";
import { Loaded } from "@/app/_components/loaded";
import { useOrganization } from "@/app/_components/shell/viewer";
import { TimeAgo } from "@/app/_components/time-ago";
import { Dialog } from "@/app/_components/ui/dialog";
import { useFormats } from "@/app/_i18n/use-formats";
import { useTRPC } from "@/app/_trpc/client";
import { linesOf, type Line } from "./session-event";

interface EventsDialogProps {
  readonly session: { readonly id: string; readonly userName: string | null };
  readonly onClose: () => void;
}

/** What the audit trail has of one session. */
export function EventsDialog({ session, onClose }: EventsDialogProps) {
  const t = useTranslations("desktopPools.sessions");
  const { slug: organization } = useOrganization();
  const trpc = useTRPC();
  const query = useQuery(trpc.desktopPools.sessionEvents.queryOptions({ organization, sessionId: session.id }));
  return (
    <Dialog open wide onOpenChange={(open) => (open ? undefined : onClose())} title={t("eventsOf", { name: session.userName ?? "" })} description={t("eventsText")}>
      <Loaded query={query}>
        {({ items, total }) => {
          const rows = items.flatMap((entry) => linesOf(entry).map((line, index) => ({ entry, line, key: `${entry.id} ${index}` })));
          return (
            <>
              {rows.length === 0 ? <p className="py-4 text-muted">{t("eventsNone")}</p> : (
                <ul className="grid max-h-[60vh] gap-0 divide-y overflow-y-auto">
                  {rows.map(({ entry, line, key }) => (
                    <li key={key} className="flex items-baseline justify-between gap-4 py-2">
                      <span className="min-w-0 break-words"><LineText line={line} /></span>
                      <span className="shrink-0 text-right text-xs text-muted">
                        <TimeAgo at={line.kind === "folded" ? line.event.firstAt : entry.at} />
                        <span className="block">{entry.actorName ?? ""}</span>
                      </span>
                    </li>
                  ))}
                </ul>
              )}
              {total > items.length ? <p className="pt-2 text-xs text-muted">{t("eventsMore", { n: total - items.length })}</p> : null}
            </>
          );
        }}
      </Loaded>
    </Dialog>
  );
}

function LineText({ line }: { readonly line: Line }) {
  const t = useTranslations("desktopPools.sessions");
  const { bytes, time } = useFormats();
  switch (line.kind) {
    case "plain":
      return t(`event.${line.what}`);
    case "opened":
      return line.viewOnly && line.entry !== "looked-in" ? `${t(`event.${line.entry}`)} (${t("event.viewOnly")})` : t(`event.${line.entry}`);
    case "closed":
      return t("event.closed", { why: t(`closedWhy.${line.why}`, { code: line.code }) });
    case "file":
      return `${t(`event.${line.way}`, { name: line.name, size: bytes(line.bytes) })}${line.done ? "" : ` · ${t("event.file-broken")}`}`;
    case "screenshot":
    case "noMoreKept":
      return t(`event.${line.kind}`);
    case "told-text":
      return t("event.clipboard-out-told", { characters: line.characters });
    case "unknown":
      return t("eventUnknown", { action: line.action });
    case "folded": {
      const { kind, times, lastAt, characters, width, height, keys } = line.event;
      const text = t(`event.${kind}`, { characters, width, height, keys });
      return times > 1 ? `${text} · ${t("event.times", { times, at: time(lastAt) })}` : text;
    }
  }
}
