"use client";

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useTranslations } from "next-intl";
import { useState } from "react";
import type { RouterInputs, RouterOutputs } from "@/server/api/root";
import { Loaded } from "@/app/_components/loaded";
import { TimeAgo } from "@/app/_components/time-ago";
import { Badge, type Tone } from "@/app/_components/ui/badge";
import { Button } from "@/app/_components/ui/button";
import { Card, CardHead } from "@/app/_components/ui/card";
import { CheckboxLine, Field, Input, Select } from "@/app/_components/ui/field";
import { Notice } from "@/app/_components/ui/notice";
import { useFormats } from "@/app/_i18n/use-formats";
import { useTRPC } from "@/app/_trpc/client";
import { useProblemText } from "@/app/_trpc/use-problem-text";
import { RehearsalCard } from "./rehearsal-card";

type Cluster = RouterOutputs["admin"]["clusters"]["get"];
type Rehearsal = RouterOutputs["admin"]["rehearsals"]["list"][number];
type Question = RouterInputs["admin"]["rehearsals"]["ask"]["question"];

const KINDS = ["tonight", "lose-host", "ratio", "add-desktops", "retire-hosts"] as const;
type Kind = (typeof KINDS)[number];
const TONES: Readonly<Record<Rehearsal["state"], Tone>> = { asked: "accent", played: "neutral", failed: "bad", applied: "accent", measured: "good" };

interface Props {
  readonly cluster: Cluster;
  readonly mayAsk: boolean;
  readonly editable: boolean;
}

/** Questions to a copy of the cluster, with their answers and what became of them. */
export function Rehearsals({ cluster, mayAsk, editable }: Props) {
  const t = useTranslations("admin.rehearsal");
  const trpc = useTRPC();
  const [open, setOpen] = useState<string | null>(null);
  const query = useQuery(trpc.admin.rehearsals.list.queryOptions({ clusterId: cluster.id }));
  const title = useTitle();
  return (
    <Card>
      <CardHead title={t("title")} description={t("text")} />
      {mayAsk ? <Ask cluster={cluster} onAsked={setOpen} /> : null}
      <Loaded query={query}>
        {(rows) => rows.length === 0 ? <p className="border-t p-4 text-muted">{t("none")}</p> : (
          <ul className="divide-y border-t">
            {rows.map((row) => (
              <li key={row.id} className="grid min-w-0 gap-3 px-4 py-3">
                <button type="button" className="flex flex-wrap items-center gap-2 text-left" aria-expanded={open === row.id} onClick={() => setOpen(open === row.id ? null : row.id)}>
                  <Badge tone={TONES[row.state]} dot={row.state === "asked" ? "moving" : undefined}>{t(`states.${row.state}`)}</Badge>
                  <span className="font-medium">{title(row)}</span>
                  <span className="text-xs text-muted">{row.result ? t("sum", { count: row.result.moves.length }) : null}</span>
                  <span className="ml-auto text-xs text-muted"><TimeAgo at={row.askedAt} /></span>
                </button>
                {open === row.id ? <RehearsalCard rehearsalId={row.id} editable={editable} /> : null}
              </li>
            ))}
          </ul>
        )}
      </Loaded>
    </Card>
  );
}

function useTitle(): (row: Pick<Rehearsal, "question" | "about">) => string {
  const t = useTranslations("admin.rehearsal");
  const formats = useFormats();
  return ({ question, about }) => {
    switch (question.kind) {
      case "tonight":
        return Object.keys(question.settings).length > 0 ? t("titles.otherwise", { hours: question.hours }) : t("titles.tonight", { hours: question.hours });
      case "lose-host":
        return t("titles.loseHost", { host: about[0] ?? "" });
      case "ratio":
        return t("titles.ratio", { ratio: formats.number(question.cpuRatio) });
      case "add-desktops":
        return t("titles.addDesktops", { count: question.count, time: question.at, flavor: about[0] ?? "" });
      case "retire-hosts":
        return t("titles.retireHosts", { hosts: about.join(", ") });
    }
  };
}

function Ask({ cluster, onAsked }: { readonly cluster: Cluster; readonly onAsked: (rehearsalId: string) => void }) {
  const t = useTranslations("admin.rehearsal");
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const problem = useProblemText();
  const flavors = useQuery(trpc.admin.catalog.flavors.queryOptions());
  const [kind, setKind] = useState<Kind>("tonight");
  const [hours, setHours] = useState("24");
  const [hostId, setHostId] = useState(cluster.hosts[0]?.id ?? "");
  const [ratio, setRatio] = useState(String(cluster.policy.cpuRatio + 1));
  const [count, setCount] = useState("40");
  const [at, setAt] = useState("09:00");
  const [flavor, setFlavor] = useState("");
  const [leaving, setLeaving] = useState<readonly string[]>([]);
  const ask = useMutation(trpc.admin.rehearsals.ask.mutationOptions({ onSuccess: ({ rehearsalId }) => onAsked(rehearsalId), onSettled: () => queryClient.invalidateQueries(trpc.admin.rehearsals.pathFilter()) }));
  const flavorId = flavor || (flavors.data?.[0]?.id ?? "");
  const question = (): Question | null => {
    switch (kind) {
      case "tonight":
        return Number(hours) >= 1 ? { kind, hours: Number(hours) } : null;
      case "lose-host":
        return hostId ? { kind, hostId } : null;
      case "ratio":
        return Number(ratio) > 0 ? { kind, cpuRatio: Number(ratio) } : null;
      case "add-desktops":
        return Number(count) >= 1 && at && flavorId ? { kind, count: Number(count), at, flavorId } : null;
      case "retire-hosts":
        return leaving.length > 0 ? { kind, hostIds: [...leaving] } : null;
    }
  };
  const ready = question();
  return (
    <form className="grid gap-3 p-4" onSubmit={(event) => {
      event.preventDefault();
      if (ready) ask.mutate({ clusterId: cluster.id, question: ready });
    }}>
      <div className="flex flex-wrap items-end gap-3">
        <Field label={t("question")} className="min-w-52">
          {(control) => <Select {...control} className="w-full" value={kind} onChange={(event) => {
            const next = KINDS.find((one) => one === event.target.value);
            if (next) setKind(next);
          }}>{KINDS.map((one) => <option key={one} value={one}>{t(`questions.${one}`)}</option>)}</Select>}
        </Field>
        {kind === "tonight" ? <Field label={t("hours")}>{(control) => <Input {...control} type="number" min={1} max={48} className="w-20" value={hours} onChange={(event) => setHours(event.target.value)} />}</Field> : null}
        {kind === "lose-host" ? <Field label={t("host")}>{(control) => <Select {...control} value={hostId} onChange={(event) => setHostId(event.target.value)}>{cluster.hosts.map((host) => <option key={host.id} value={host.id}>{host.name}</option>)}</Select>}</Field> : null}
        {kind === "ratio" ? <Field label={t("ratio", { now: cluster.policy.cpuRatio })}>{(control) => <Input {...control} type="number" step="any" min={0.1} max={64} className="w-24" value={ratio} onChange={(event) => setRatio(event.target.value)} />}</Field> : null}
        {kind === "add-desktops" ? (
          <>
            <Field label={t("count")}>{(control) => <Input {...control} type="number" min={1} max={2000} className="w-24" value={count} onChange={(event) => setCount(event.target.value)} />}</Field>
            <Field label={t("at")}>{(control) => <Input {...control} type="time" className="w-28" value={at} onChange={(event) => setAt(event.target.value)} />}</Field>
            <Field label={t("flavor")}>{(control) => <Select {...control} value={flavorId} onChange={(event) => setFlavor(event.target.value)}>{(flavors.data ?? []).map((one) => <option key={one.id} value={one.id}>{one.name}</option>)}</Select>}</Field>
          </>
        ) : null}
        <Button type="submit" variant="primary" disabled={!ready} busy={ask.isPending}>{t("ask")}</Button>
      </div>
      {kind === "retire-hosts" ? (
        <fieldset className="flex flex-wrap gap-x-5 gap-y-1.5">
          <legend className="mb-1.5 font-medium">{t("hosts")}</legend>
          {cluster.hosts.map((host) => <CheckboxLine key={host.id} label={host.name} checked={leaving.includes(host.id)} onChange={(event) => setLeaving(event.target.checked ? [...leaving, host.id] : leaving.filter((id) => id !== host.id))} />)}
        </fieldset>
      ) : null}
      <p className="text-xs text-muted">{t(`explain.${kind}`)}</p>
      {ask.error ? <Notice kind="bad">{problem(ask.error)}</Notice> : null}
    </form>
  );
}
