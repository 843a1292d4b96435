"use client";

import { useQuery } from "@tanstack/react-query";
import { useTranslations } from "next-intl";
import { Loaded } from "@/app/_components/loaded";
import { useOrganization } from "@/app/_components/shell/viewer";
import { Moment } from "@/app/_components/time-ago";
import { useFormats } from "@/app/_i18n/use-formats";
import { useTRPC } from "@/app/_trpc/client";

/** The windows that a line is made of, as the database has them. */
export function LineWindows({ lineKey }: { readonly lineKey: string }) {
  const t = useTranslations("billing");
  const words = useTranslations("instance.usage");
  const formats = useFormats();
  const { slug: organization } = useOrganization();
  const trpc = useTRPC();
  const query = useQuery(trpc.billing.lineWindows.queryOptions({ organization, key: lineKey }));
  return (
    <Loaded query={query}>
      {(windows) => (
        <ol className="grid gap-1.5 text-xs" aria-label={t("windows")}>
          {windows.map((window) => (
            <li key={window.id} className="grid gap-x-4 sm:grid-cols-[minmax(0,2fr)_minmax(0,1fr)_minmax(0,1fr)]">
              <span>
                <Moment at={window.startedAt} /> – {window.closedAt ? <Moment at={window.endedAt} /> : words("stillRunning")}
              </span>
              <span className="numeric">{formats.duration(window.endedAt.getTime() - window.startedAt.getTime())}{window.quantity === 1 ? "" : ` × ${window.meter === "storage" ? formats.gibibytes(window.quantity) : formats.number(window.quantity)}`}</span>
              <span className="text-muted">{window.closedReason ?? ""}</span>
            </li>
          ))}
        </ol>
      )}
    </Loaded>
  );
}
