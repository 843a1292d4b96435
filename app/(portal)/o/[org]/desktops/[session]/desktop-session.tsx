"use client";

import { useQuery } from "@tanstack/react-query";
import { useTranslations } from "next-intl";
import { useState } from "react";
import { useOrganization } from "@/app/_components/shell/viewer";
import { useTRPC } from "@/app/_trpc/client";
import { problemOf } from "@/app/_trpc/problem";
import { DesktopScreen } from "./desktop-screen";
import { SessionOver } from "./session-over";
import { Coming, Queued, Starting } from "./waiting";

/** One use of a desktop, from the click to the log-off: it waits, shows the screen, and says what became of it. */
export function DesktopSession({ sessionId }: { readonly sessionId: string }) {
  const t = useTranslations("desktops.session");
  const { slug: organization } = useOrganization();
  const trpc = useTRPC();
  const query = useQuery(trpc.desktops.session.queryOptions({ organization, sessionId }));
  const opening = query.data;
  // Once it was seen, the screen stays where it is: what interrupts it is said over it.
  const [seen, setSeen] = useState(false);
  if (opening?.state === "ready" && !seen) setSeen(true);
  const refusal = query.isError ? problemOf(query.error) : null;
  return (
    <div className="dark fixed inset-0 z-20 flex flex-col bg-[#0b0d0e] text-body text-ink">
      <h1 className="sr-only">{t("title", { name: opening?.desktopName ?? opening?.poolName ?? "" })}</h1>
      {refusal ? (
        <SessionOver reason={typeof refusal.detail["reason"] === "string" ? refusal.detail["reason"] : null} gone={refusal.code === "not-found"} message={refusal.message} opening={opening ?? null} />
      ) : !opening ? (
        <Starting />
      ) : opening.state === "queued" ? (
        <Queued opening={opening} />
      ) : opening.state === "coming" && !seen ? (
        <Coming opening={opening} since={query.dataUpdatedAt} />
      ) : (
        <DesktopScreen opening={opening} />
      )}
    </div>
  );
}
