"use client";

import { keepPreviousData, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { ArrowRight, Trash2 } from "lucide-react";
import { useTranslations } from "next-intl";
import { useState } from "react";
import type { RouterOutputs } from "@/server/api/root";
import { Loaded } from "@/app/_components/loaded";
import { Badge } from "@/app/_components/ui/badge";
import { Button } from "@/app/_components/ui/button";
import { Card, CardHead } from "@/app/_components/ui/card";
import { CheckboxLine, Field, Input, Select } from "@/app/_components/ui/field";
import { Notice } from "@/app/_components/ui/notice";
import { useWords } from "@/app/_components/use-words";
import { useFormats } from "@/app/_i18n/use-formats";
import { useTRPC } from "@/app/_trpc/client";
import { useProblemText } from "@/app/_trpc/use-problem-text";

type Rules = RouterOutputs["admin"]["clusters"]["rules"];
const KINDS = ["apart", "together", "hosts"] as const;
const SHOWN = 30;

interface Props {
  readonly clusterId: string;
  readonly editable: boolean;
}

/** Which machines stay apart, stay together, or belong on some hosts; a new rule shows what it would move before it is made. */
export function PlacementRules({ clusterId, editable }: Props) {
  const t = useTranslations("admin.rules");
  const common = useTranslations("common");
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const problem = useProblemText();
  const query = useQuery(trpc.admin.clusters.rules.queryOptions({ clusterId }));
  const remove = useMutation(trpc.admin.clusters.removeRule.mutationOptions({ onSettled: () => queryClient.invalidateQueries(trpc.admin.clusters.pathFilter()) }));
  return (
    <Card>
      <CardHead title={t("title")} description={t("text")} />
      {remove.error ? <Notice kind="bad" className="m-4">{problem(remove.error)}</Notice> : null}
      <Loaded query={query}>
        {(view) => (
          <>
            {view.rules.length === 0 ? <p className="p-4 text-muted">{t("none")}</p> : (
              <ul className="divide-y">
                {view.rules.map((rule) => (
                  <li key={rule.id} className="flex flex-wrap items-center gap-2 px-4 py-2.5">
                    <Badge tone="accent">{t(`kinds.${rule.kind}`)}</Badge>
                    <span className="min-w-0 break-words">{rule.instances.map((one) => one.name).join(", ")}{rule.hostNames.length > 0 ? ` → ${rule.hostNames.map((host) => host.name).join(", ")}` : ""}</span>
                    <span className="text-xs text-muted">{rule.strict ? t("strict") : t("soft")}</span>
                    {editable ? <Button variant="ghost" size="iconSm" aria-label={`${common("remove")}: ${rule.instances.map((one) => one.name).join(", ")}`} className="ml-auto" busy={remove.isPending} onClick={() => remove.mutate({ ruleId: rule.id })}><Trash2 aria-hidden /></Button> : null}
                  </li>
                ))}
              </ul>
            )}
            {editable ? <NewRule clusterId={clusterId} view={view} /> : null}
          </>
        )}
      </Loaded>
    </Card>
  );
}

function NewRule({ clusterId, view }: { readonly clusterId: string; readonly view: Rules }) {
  const t = useTranslations("admin.rules");
  const common = useTranslations("common");
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const problem = useProblemText();
  const [kind, setKind] = useState<(typeof KINDS)[number]>("apart");
  const [search, setSearch] = useState("");
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const [hosts, setHosts] = useState<readonly string[]>([]);
  const [strict, setStrict] = useState(true);
  const ready = chosen.length >= (kind === "hosts" ? 1 : 2) && (kind !== "hosts" || hosts.length > 0);
  const input = { clusterId, kind, instanceIds: [...chosen], hosts: kind === "hosts" ? hosts.map((hostId) => ({ hostId })) : [], strict };
  const preview = useQuery(trpc.admin.clusters.previewRule.queryOptions(input, { enabled: ready, staleTime: 0, placeholderData: keepPreviousData }));
  const add = useMutation(trpc.admin.clusters.addRule.mutationOptions({
    onSuccess: () => {
      setChosen([]);
      setHosts([]);
    },
    onSettled: () => queryClient.invalidateQueries(trpc.admin.clusters.pathFilter()),
  }));
  const found = view.instances.filter((one) => chosen.includes(one.id) || one.name.toLowerCase().includes(search.trim().toLowerCase()));
  const toggle = (list: readonly string[], id: string, on: boolean): string[] => (on ? [...list, id] : list.filter((one) => one !== id));
  return (
    <form className="grid gap-4 border-t p-4" onSubmit={(event) => {
      event.preventDefault();
      if (ready) add.mutate(input);
    }}>
      <div className="flex flex-wrap items-end gap-3">
        <Field label={t("kind")}>{(control) => <Select {...control} value={kind} onChange={(event) => {
          const next = KINDS.find((one) => one === event.target.value);
          if (next) setKind(next);
        }}>{KINDS.map((one) => <option key={one} value={one}>{t(`kinds.${one}`)}</option>)}</Select>}</Field>
        <Field label={t("find")}>{(control) => <Input {...control} type="search" className="w-48" value={search} onChange={(event) => setSearch(event.target.value)} />}</Field>
        <CheckboxLine className="pb-1.5" label={t("strictWanted")} checked={strict} onChange={(event) => setStrict(event.target.checked)} />
      </div>
      <fieldset className="flex flex-wrap gap-x-5 gap-y-1.5"><legend className="mb-1.5 font-medium">{t("machines")}</legend>
        {found.slice(0, SHOWN).map((one) => <CheckboxLine key={one.id} label={one.name} checked={chosen.includes(one.id)} onChange={(event) => setChosen(toggle(chosen, one.id, event.target.checked))} />)}
        {found.length > SHOWN ? <span className="text-xs text-muted">{t("narrow", { count: found.length - SHOWN })}</span> : null}
      </fieldset>
      {kind === "hosts" ? (
        <fieldset className="flex flex-wrap gap-x-5 gap-y-1.5"><legend className="mb-1.5 font-medium">{t("hosts")}</legend>
          {view.hosts.map((one) => <CheckboxLine key={one.id} label={one.name} checked={hosts.includes(one.id)} onChange={(event) => setHosts(toggle(hosts, one.id, event.target.checked))} />)}
        </fieldset>
      ) : null}
      {ready && preview.data ? <Effect effect={preview.data} /> : null}
      {ready && preview.error ? <Notice kind="bad">{problem(preview.error)}</Notice> : null}
      {add.error ? <Notice kind="bad">{problem(add.error)}</Notice> : null}
      <span className="flex gap-2">
        <Button type="submit" variant="primary" disabled={!ready || preview.isError} busy={add.isPending}>{t("add")}</Button>
        {chosen.length > 0 ? <Button onClick={() => { setChosen([]); setHosts([]); }}>{common("cancel")}</Button> : null}
      </span>
    </form>
  );
}

function Effect({ effect }: { readonly effect: RouterOutputs["admin"]["clusters"]["previewRule"] }) {
  const t = useTranslations("admin.rules");
  const formats = useFormats();
  const say = useWords();
  return (
    <Notice kind={effect.refusals.length > 0 ? "warn" : "info"} title={t("effect", { count: effect.moves.length })}>
      {effect.moves.length === 0 && effect.refusals.length === 0 ? t("already") : null}
      <ul className="grid gap-0.5">
        {effect.moves.slice(0, SHOWN).map((move) => (
          <li key={move.instanceId} className="flex flex-wrap items-center gap-1.5"><span className="font-medium">{move.instanceName}</span>{move.fromHostName}<ArrowRight aria-hidden className="size-3" />{move.toHostName}<span className="text-xs text-muted">{t("pause", { duration: formats.duration(move.downtimeMs) })}</span></li>
        ))}
        {effect.refusals.map((one) => <li key={one.instanceId}>{one.instanceName}: {say(one.words, one.text)}</li>)}
      </ul>
    </Notice>
  );
}
