"use client";

import { useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { useTranslations } from "next-intl";
import { useState } from "react";
import { Loaded } from "@/app/_components/loaded";
import { Moment } from "@/app/_components/time-ago";
import { Button } from "@/app/_components/ui/button";
import { Card, CardHead } from "@/app/_components/ui/card";
import { cn } from "@/app/_components/ui/cn";
import { useWords } from "@/app/_components/use-words";
import { useTRPC } from "@/app/_trpc/client";

const FEW = 12;
const DOTS = { decision: "bg-line-strong", power: "bg-accent", fencing: "bg-warn", incident: "bg-bad" } as const;

/** What was decided about a host, what its power did and what went wrong in the last month, newest first. */
export function HostStory({ hostId }: { readonly hostId: string }) {
  const t = useTranslations("admin.story");
  const trpc = useTRPC();
  const say = useWords();
  const [all, setAll] = useState(false);
  const query = useQuery(trpc.admin.hosts.story.queryOptions({ hostId }));
  return (
    <Card>
      <CardHead title={t("title")} description={t("text")} />
      <Loaded query={query}>
        {(lines) => lines.length === 0 ? <p className="p-4 text-muted">{t("none")}</p> : (
          <>
            <ol className="grid px-4 py-3">
              {lines.slice(0, all ? lines.length : FEW).map((line) => (
                <li key={line.id} className="relative grid grid-cols-[1rem_minmax(0,1fr)] gap-2.5 pb-3 last:pb-0">
                  <span aria-hidden className="absolute top-4 bottom-0 left-[0.47rem] w-px bg-line" />
                  <span aria-hidden className={cn("mt-1.5 size-2 justify-self-center rounded-full", DOTS[line.kind])} />
                  <span className="grid min-w-0">
                    <span className="break-words">{line.kind === "decision" ? <Link href={`/admin/decisions/${line.id}`} className="hover:underline">{say(line.words, line.text)}</Link> : say(line.words, line.text)}</span>
                    <span className="text-xs text-muted">{t(`kinds.${line.kind}`)} · <Moment at={line.at} /></span>
                  </span>
                </li>
              ))}
            </ol>
            {!all && lines.length > FEW ? <p className="border-t px-4 py-2.5"><Button variant="link" onClick={() => setAll(true)}>{t("all", { count: lines.length })}</Button></p> : null}
          </>
        )}
      </Loaded>
    </Card>
  );
}
