"use client";

import { Check, X } from "lucide-react";
import { useTranslations } from "next-intl";
import type { RouterOutputs } from "@/server/api/root";
import { Moment, TimeAgo } from "@/app/_components/time-ago";
import { Badge } from "@/app/_components/ui/badge";
import { Card, CardHead } from "@/app/_components/ui/card";
import { useWords } from "@/app/_components/use-words";

const CHECKS = ["reachable", "certificate", "identity", "cpu-model", "capacity", "clock", "fencing", "storage", "shared-storage", "lease"] as const;
const isCheck = (name: string): name is (typeof CHECKS)[number] => CHECKS.some((check) => check === name);

/** What moves now, what the last preflight found, and how often its power was cut. */
export function HostHistory({ data: { migrations, preflight, fencings } }: { readonly data: RouterOutputs["admin"]["hosts"]["get"] }) {
  const t = useTranslations("admin.hosts");
  const say = useWords();
  return (
    <>
      {migrations.length > 0 ? (
        <Card>
          <CardHead title={t("migrations")} />
          <ul className="divide-y">
            {migrations.map((one) => (
              <li key={one.id} className="flex flex-wrap justify-between gap-2 px-4 py-2.5">
                <span className="font-mono text-xs">{one.instanceId}</span>
                <span>{say(one.reasonWords, one.reason)}</span>
                <Badge tone="accent" dot="moving">{t(`migrationStates.${one.state}`)}</Badge>
              </li>
            ))}
          </ul>
        </Card>
      ) : null}
      {preflight ? (
        <Card>
          <CardHead title={t("preflight")} description={preflight.at ? <TimeAgo at={preflight.at} /> : undefined} />
          <ul className="divide-y">
            {preflight.findings.map((finding) => (
              <li key={finding.check} className="flex gap-2.5 px-4 py-2">
                {finding.ok ? <Check aria-label={t("ok")} className="mt-0.5 size-4 shrink-0 text-good" /> : <X aria-label={t("notOk")} className="mt-0.5 size-4 shrink-0 text-bad" />}
                <span><span className="font-medium">{isCheck(finding.check) ? t(`checks.${finding.check}`) : finding.check}</span> <span className="text-muted">{say(finding.words, finding.text)}</span></span>
              </li>
            ))}
          </ul>
        </Card>
      ) : null}
      {fencings.length > 0 ? (
        <Card>
          <CardHead title={t("fencings")} />
          <ul className="divide-y">
            {fencings.map((one) => (
              <li key={one.id} className="grid gap-0.5 px-4 py-2.5">
                <span className="flex flex-wrap items-center gap-2"><Badge tone={one.state === "confirmed" ? "good" : one.state === "blocked" ? "bad" : "neutral"} dot>{t(`fencingStates.${one.state}`)}</Badge><Moment at={one.requestedAt} className="text-xs text-muted" /></span>
                <span>{say(one.reasonWords, one.reason)}</span>
                {one.lastError ? <span className="text-xs text-bad">{say(one.lastErrorWords, one.lastError)}</span> : null}
              </li>
            ))}
          </ul>
        </Card>
      ) : null}
    </>
  );
}
