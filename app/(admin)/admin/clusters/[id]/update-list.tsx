"use client";

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useTranslations } from "next-intl";
import { useState } from "react";
import type { RouterInputs, RouterOutputs } from "@/server/api/root";
import { Confirm } from "@/app/_components/confirm";
import { Loaded } from "@/app/_components/loaded";
import { TimeAgo } from "@/app/_components/time-ago";
import { Badge, type Tone } from "@/app/_components/ui/badge";
import { Button } from "@/app/_components/ui/button";
import { Card, CardHead } from "@/app/_components/ui/card";
import { CheckboxLine, Field, Input, Select } from "@/app/_components/ui/field";
import { Notice } from "@/app/_components/ui/notice";
import { useWords } from "@/app/_components/use-words";
import { useFormats } from "@/app/_i18n/use-formats";
import { useTRPC } from "@/app/_trpc/client";
import { useProblemText } from "@/app/_trpc/use-problem-text";

type Cluster = RouterOutputs["admin"]["clusters"]["get"];
type Update = RouterOutputs["admin"]["automation"]["updates"][number];
type Step = RouterInputs["admin"]["automation"]["startUpdate"]["step"];
const TONES: Readonly<Record<Update["state"], Tone>> = { running: "accent", paused: "warn", done: "good", aborted: "neutral", failed: "bad" };
const HOST_TONES: Readonly<Record<Update["hosts"][number]["state"], Tone>> = { waiting: "neutral", draining: "accent", updating: "accent", returning: "accent", done: "good", failed: "bad", skipped: "neutral" };
const STEPS = ["command", "webhook", "none"] as const;

interface Props {
  readonly cluster: Cluster;
  readonly editable: boolean;
}

/** Rolling updates: a few hosts at a time are emptied, stepped, checked and given back. */
export function UpdateList({ cluster, editable }: Props) {
  const t = useTranslations("admin.updates");
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const problem = useProblemText();
  const say = useWords();
  const formats = useFormats();
  const [starting, setStarting] = useState(false);
  const query = useQuery(trpc.admin.automation.updates.queryOptions({ clusterId: cluster.id }));
  const change = useMutation(trpc.admin.automation.changeUpdate.mutationOptions({ onSettled: () => queryClient.invalidateQueries(trpc.admin.automation.updates.pathFilter()) }));
  return (
    <Card>
      <CardHead title={t("title")} description={t("text", { hosts: cluster.policy.failoverHosts })} actions={editable ? <Button size="sm" onClick={() => setStarting(true)}>{t("start")}</Button> : null} />
      {change.error ? <Notice kind="bad" className="m-4">{problem(change.error)}</Notice> : null}
      <Loaded query={query}>
        {(rows) => rows.length === 0 ? <p className="p-4 text-muted">{t("none")}</p> : (
          <ul className="divide-y">
            {rows.map((update) => (
              <li key={update.id} className="grid gap-2 px-4 py-3">
                <span className="flex flex-wrap items-center gap-2">
                  <Badge tone={TONES[update.state]} dot={update.state === "running" ? "moving" : true}>{t(`states.${update.state}`)}</Badge>
                  <span className="font-medium">{update.name}</span>
                  <span className="text-xs text-muted">{update.step.kind === "none" ? t("steps.none") : update.step.kind === "command" ? t("stepCommand", { name: update.step.command }) : t("stepWebhook", { url: update.step.url })}</span>
                  <span className="ml-auto text-xs text-muted">{update.finishedAt === null && update.predictedEndAt ? t("ends", { time: formats.dateTime(update.predictedEndAt) }) : <TimeAgo at={update.createdAt} />}</span>
                </span>
                {update.reason ? <span>{say(update.reasonWords, update.reason)}</span> : null}
                <span className="flex flex-wrap gap-1.5">{update.hosts.map((host) => <Badge key={host.hostId} tone={HOST_TONES[host.state]} title={say(host.reasonWords, host.reason) || host.output || undefined}>{host.hostName} · {t(`hostStates.${host.state}`)}</Badge>)}</span>
                {editable && (update.state === "running" || update.state === "paused") ? (
                  <span className="flex gap-2">
                    {update.state === "running" ? <Button size="sm" busy={change.isPending} onClick={() => change.mutate({ updateId: update.id, to: "pause" })}>{t("pause")}</Button> : <Button size="sm" variant="primary" busy={change.isPending} onClick={() => change.mutate({ updateId: update.id, to: "resume" })}>{t("resume")}</Button>}
                    <Button size="sm" variant="dangerOutline" busy={change.isPending} onClick={() => change.mutate({ updateId: update.id, to: "abort" })}>{t("abort")}</Button>
                  </span>
                ) : null}
              </li>
            ))}
          </ul>
        )}
      </Loaded>
      {starting ? <StartUpdate cluster={cluster} onClose={() => setStarting(false)} /> : null}
    </Card>
  );
}

function StartUpdate({ cluster, onClose }: { readonly cluster: Cluster; readonly onClose: () => void }) {
  const t = useTranslations("admin.updates");
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const [name, setName] = useState("");
  const [chosen, setChosen] = useState<readonly string[]>(cluster.hosts.filter((host) => host.state === "up").map((host) => host.id));
  const [atOnce, setAtOnce] = useState("1");
  const [kind, setKind] = useState<(typeof STEPS)[number]>("command");
  const [target, setTarget] = useState("");
  const [minutes, setMinutes] = useState("30");
  const start = useMutation(trpc.admin.automation.startUpdate.mutationOptions({ onSettled: () => queryClient.invalidateQueries(trpc.admin.automation.updates.pathFilter()) }));
  const step: Step | null = kind === "none" ? { kind } : target.trim() === "" ? null : kind === "command" ? { kind, command: target.trim() } : { kind, url: target.trim() };
  const ready = step !== null && name.trim() !== "" && chosen.length > 0 && Number(atOnce) >= 1 && Number(minutes) > 0;
  return (
    <Confirm open onOpenChange={(open) => (open ? undefined : onClose())} title={t("startTitle")} description={t("startText", { hosts: cluster.policy.failoverHosts })} action={t("start")} disabled={!ready}
      onConfirm={() => (step ? start.mutateAsync({ clusterId: cluster.id, name, hostIds: [...chosen], hostsAtOnce: Number(atOnce), step, stepTimeoutSeconds: Math.round(Number(minutes) * 60) }) : Promise.resolve())}>
      <Field label={t("name")}>{(control) => <Input {...control} value={name} maxLength={120} onChange={(event) => setName(event.target.value)} />}</Field>
      <fieldset className="flex flex-wrap gap-x-5 gap-y-1.5"><legend className="mb-1.5 font-medium">{t("hosts")}</legend>
        {cluster.hosts.map((host) => <CheckboxLine key={host.id} label={host.name} checked={chosen.includes(host.id)} onChange={(event) => setChosen(event.target.checked ? [...chosen, host.id] : chosen.filter((id) => id !== host.id))} />)}
      </fieldset>
      <div className="grid gap-3 sm:grid-cols-2">
        <Field label={t("atOnce")} hint={t("atOnceHint")}>{(control) => <Input {...control} type="number" min={1} max={100} value={atOnce} onChange={(event) => setAtOnce(event.target.value)} />}</Field>
        <Field label={t("timeout")}>{(control) => <Input {...control} type="number" min={1} max={1440} value={minutes} onChange={(event) => setMinutes(event.target.value)} />}</Field>
      </div>
      <Field label={t("step")} hint={t(`stepHints.${kind}`)}>{(control) => <Select {...control} className="w-full" value={kind} onChange={(event) => {
        const next = STEPS.find((one) => one === event.target.value);
        if (next) setKind(next);
      }}>{STEPS.map((one) => <option key={one} value={one}>{t(`steps.${one}`)}</option>)}</Select>}</Field>
      {kind === "none" ? null : <Field label={t(`targets.${kind}`)}>{(control) => <Input {...control} value={target} placeholder={kind === "command" ? "update-kernel" : "https://"} onChange={(event) => setTarget(event.target.value)} />}</Field>}
    </Confirm>
  );
}
