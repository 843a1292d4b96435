"use client";

import { useQuery } from "@tanstack/react-query";
import { useTranslations } from "next-intl";
import Link from "next/link";
import { Loaded } from "@/app/_components/loaded";
import { PageHead } from "@/app/_components/page-head";
import { Moment } from "@/app/_components/time-ago";
import { Badge } from "@/app/_components/ui/badge";
import { Card, CardBody, CardHead, Fact, Facts } from "@/app/_components/ui/card";
import { asWords, useWords } from "@/app/_components/use-words";
import { useFormats } from "@/app/_i18n/use-formats";
import { useTRPC } from "@/app/_trpc/client";
import { OutcomeBadge } from "../decision-badge";
import { Json } from "./json";

export function DecisionDetail({ decisionId }: { readonly decisionId: string }) {
  const t = useTranslations("admin.decisions");
  const nav = useTranslations("nav");
  const formats = useFormats();
  const trpc = useTRPC();
  const say = useWords();
  const query = useQuery(trpc.admin.decisions.get.queryOptions({ decisionId }));
  return (
    <Loaded query={query}>
      {(decision) => (
        <>
          <PageHead title={say(decision.reasonWords, decision.reason)} parent={{ href: "/admin/decisions", label: nav("decisions") }} badge={<><Badge>{t(`kinds.${decision.kind}`)}</Badge><OutcomeBadge outcome={decision.outcome} /></>} />
          <div className="grid gap-4">
            <Card>
              <CardBody>
                <Facts className="lg:grid-cols-4">
                  <Fact label={t("at")}><Moment at={decision.createdAt} /></Fact>
                  <Fact label={t("took")}>{decision.finishedAt ? formats.duration(decision.finishedAt.getTime() - decision.createdAt.getTime()) : "–"}</Fact>
                  <Fact label={t("host")} mono>{decision.hostId ? <Link className="hover:underline" href={`/admin/hosts/${decision.hostId}`}>{decision.hostId}</Link> : "–"}</Fact>
                  <Fact label={t("instance")} mono>{decision.instanceId ?? "–"}</Fact>
                </Facts>
              </CardBody>
            </Card>
            <div className="grid items-start gap-4 lg:grid-cols-2">
              <Part title={t("chosen")} value={decision.chosen} empty={t("nothingChosen")} />
              <Rejected rejected={decision.rejected} />
              <Part title={t("predicted")} value={decision.predicted} empty={t("nothing")} />
              <Part title={t("measured")} value={decision.measured} empty={t("notMeasured")} />
              <Part title={t("inputs")} value={decision.inputs} empty={t("nothing")} />
              <Part title={t("basedOn")} value={decision.basedOn} empty={t("nothing")} />
            </div>
          </div>
        </>
      )}
    </Loaded>
  );
}

const isEmpty = (value: unknown): boolean => value === null || value === undefined || (typeof value === "object" && Object.keys(value).length === 0);

function Part({ title, value, empty }: { readonly title: string; readonly value: unknown; readonly empty: string }) {
  return (
    <Card>
      <CardHead title={title} />
      <CardBody className="overflow-x-auto">{isEmpty(value) ? <p className="text-muted">{empty}</p> : <Json value={value} />}</CardBody>
    </Card>
  );
}

const wordsIn = (entry: unknown): unknown => (typeof entry === "object" && entry !== null && "words" in entry ? entry.words : null);

/** The places that were not taken, each with its reason. */
function Rejected({ rejected }: { readonly rejected: readonly unknown[] }) {
  const t = useTranslations("admin.decisions");
  const say = useWords();
  const text = (entry: unknown, names: readonly string[]): string | null => {
    if (typeof entry !== "object" || entry === null) return null;
    for (const name of names) {
      const value: unknown = Reflect.get(entry, name);
      if (typeof value === "string") return value;
    }
    return null;
  };
  return (
    <Card>
      <CardHead title={t("rejected")} />
      {rejected.length === 0 ? (
        <CardBody><p className="text-muted">{t("nothingRejected")}</p></CardBody>
      ) : (
        <ul className="divide-y">
          {rejected.map((entry, index) => {
            const what = text(entry, ["hostName", "host", "name", "hostId", "id"]);
            const plain = text(entry, ["reason", "text", "message", "why"]);
            const why = say(asWords(wordsIn(entry)), plain ?? "");
            return (
              <li key={index} className="grid gap-0.5 px-4 py-2.5">
                {what ?? why ? <><span className="font-medium">{what}</span><span className="text-muted">{why}</span></> : <Json value={entry} />}
              </li>
            );
          })}
        </ul>
      )}
    </Card>
  );
}
