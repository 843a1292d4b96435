"use client";

import { keepPreviousData, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useTranslations } from "next-intl";
import { useState } from "react";
import { toast } from "sonner";
import type { RouterInputs, RouterOutputs } from "@/server/api/root";
import { DailyWindows } from "@/app/_components/daily-windows";
import { Loaded } from "@/app/_components/loaded";
import { TimeZoneSelect } from "@/app/_components/time-zone-select";
import { Button } from "@/app/_components/ui/button";
import { Card, CardHead } from "@/app/_components/ui/card";
import { Field, Input, Select } from "@/app/_components/ui/field";
import { Notice } from "@/app/_components/ui/notice";
import { useFormats } from "@/app/_i18n/use-formats";
import { useTRPC } from "@/app/_trpc/client";
import { useProblemText } from "@/app/_trpc/use-problem-text";
import { RehearsalCard } from "./rehearsal-card";

type Settings = RouterOutputs["admin"]["automation"]["get"];
type Change = Omit<RouterInputs["admin"]["automation"]["update"], "clusterId">;

const MODES = ["off", "advise", "automatic"] as const;
const NUMBERS = {
  rebalance: ["aggressiveness", "movesPerHour", "movesPerHostPerHour"],
  consolidate: ["minAwakeHosts", "minAwakeSeconds", "minAsleepSeconds", "maxCycles", "cycleHours", "wakeTimeoutSeconds", "wakeTestDays"],
  power: ["electricityMicrosPerKwh", "carbonGramsPerKwh"],
  guests: ["hungAfterSeconds", "hungRestartsPerHour"],
  drills: ["drillDays"],
} as const;
type NumberName = (typeof NUMBERS)[keyof typeof NUMBERS][number];
const MICROS = 1_000_000;
/** Money is typed in the currency's main unit. */
const scaleOf = (name: NumberName): number => (name === "electricityMicrosPerKwh" ? MICROS : 1);

const NIGHT = { from: "22:00", to: "06:00" };
const OFFICE = { from: "08:00", to: "18:00", days: [1, 2, 3, 4, 5] };

interface FormProps {
  readonly clusterId: string;
  readonly editable: boolean;
}

/** All that a cluster may do by itself. What a change means is shown before it is saved: in figures at once, and as a rehearsed night on request. */
export function AutomationForm({ clusterId, editable }: FormProps) {
  const trpc = useTRPC();
  const query = useQuery(trpc.admin.automation.get.queryOptions({ clusterId }));
  return <Loaded query={query}>{(settings) => <Form clusterId={clusterId} editable={editable} settings={settings} />}</Loaded>;
}

function Form({ clusterId, editable, settings }: FormProps & { readonly settings: Settings }) {
  const t = useTranslations("admin.settings");
  const common = useTranslations("common");
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const problem = useProblemText();
  const [change, setChange] = useState<Change>({});
  const [rehearsalId, setRehearsalId] = useState<string | null>(null);
  const now = { ...settings, ...change };
  const set = (part: Change): void => {
    setRehearsalId(null);
    setChange((before) => ({ ...before, ...part }));
  };
  const changed = Object.keys(change).length > 0;
  const input = { clusterId, ...change };
  const preview = useQuery(trpc.admin.automation.preview.queryOptions(input, { enabled: changed, staleTime: 0, placeholderData: keepPreviousData }));
  const ask = useMutation(trpc.admin.rehearsals.ask.mutationOptions({ onSuccess: (made) => setRehearsalId(made.rehearsalId) }));
  const update = useMutation(
    trpc.admin.automation.update.mutationOptions({
      onSuccess: () => {
        setChange({});
        setRehearsalId(null);
        toast.success(common("saved"));
      },
      onSettled: () => queryClient.invalidateQueries(trpc.admin.automation.pathFilter()),
    }),
  );
  const number = (name: NumberName) => (
    <Field key={name} label={t(`fields.${name}`)} hint={t(`hints.${name}`)}>
      {(control) => (
        <Input {...control} type="number" inputMode="decimal" min={0} step={scaleOf(name) === 1 && name !== "carbonGramsPerKwh" ? 1 : "any"} disabled={!editable} value={Number.isFinite(now[name]) ? now[name] / scaleOf(name) : ""}
          onChange={(event) => set({ [name]: Math.round(event.target.valueAsNumber * scaleOf(name)) })} />
      )}
    </Field>
  );
  const mode = (name: "rebalance" | "consolidate") => (
    <Field label={t(`fields.${name}`)} hint={t(`hints.${name}`)}>
      {(control) => <Select {...control} className="w-full" disabled={!editable} value={now[name]} onChange={(event) => {
        const next = MODES.find((one) => one === event.target.value);
        if (next) set({ [name]: next });
      }}>{MODES.map((one) => <option key={one} value={one}>{t(`modes.${one}`)}</option>)}</Select>}
    </Field>
  );
  const windows = (name: "quietHours" | "consolidateWindows" | "wakeTestWindows" | "drillWindows", fresh: typeof NIGHT) => (
    <DailyWindows label={t(`fields.${name}`)} hint={t(`hints.${name}`)} value={now[name]} disabled={!editable} fresh={fresh} onChange={(value) => set({ [name]: value.map(({ from, to, days }) => ({ from, to, ...(days ? { days: [...days] } : {}) })) })} />
  );
  const section = "grid gap-4 border-t px-4 py-4 first-of-type:border-t-0";
  const grid = "grid gap-4 sm:grid-cols-2 lg:grid-cols-4";
  return (
    <Card>
      <CardHead title={t("title")} description={t("text")} />
      <form onSubmit={(event) => {
        event.preventDefault();
        if (changed) update.mutate(input);
      }}>
        <section aria-label={t("sections.rebalance")} className={section}>
          <div className={grid}>
            {mode("rebalance")}
            {NUMBERS.rebalance.map(number)}
            <Field label={t("fields.fastWriters")} hint={t("hints.fastWriters")}>
              {(control) => <Select {...control} className="w-full" disabled={!editable} value={now.fastWriters} onChange={(event) => set({ fastWriters: event.target.value === "post-copy" ? "post-copy" : "leave" })}>
                <option value="leave">{t("fastWriters.leave")}</option><option value="post-copy">{t("fastWriters.postCopy")}</option>
              </Select>}
            </Field>
            <Field label={t("fields.timeZone")} hint={t("hints.timeZone")}>{(control) => <TimeZoneSelect {...control} disabled={!editable} value={now.timeZone} onChange={(timeZone) => set({ timeZone })} />}</Field>
          </div>
          {windows("quietHours", OFFICE)}
        </section>
        <section aria-label={t("sections.consolidate")} className={section}>
          <div className={grid}>{mode("consolidate")}{NUMBERS.consolidate.map(number)}</div>
          <div className="grid gap-4 lg:grid-cols-2">{windows("consolidateWindows", NIGHT)}{windows("wakeTestWindows", NIGHT)}</div>
        </section>
        <section aria-label={t("sections.power")} className={section}>
          <div className={grid}>
            {NUMBERS.power.map(number)}
            <Field label={t("fields.electricityCurrency")} hint={t("hints.electricityCurrency")}>{(control) => <Input {...control} maxLength={3} disabled={!editable} value={now.electricityCurrency} onChange={(event) => set({ electricityCurrency: event.target.value.toUpperCase() })} />}</Field>
            {NUMBERS.guests.map(number)}
          </div>
        </section>
        <section aria-label={t("sections.drills")} className={section}>
          <div className="grid gap-4 lg:grid-cols-[minmax(0,1fr)_minmax(0,3fr)]">{NUMBERS.drills.map(number)}{windows("drillWindows", NIGHT)}</div>
        </section>
        <div className="grid gap-3 border-t p-4 empty:hidden">
          {changed && preview.data ? <Effect effect={preview.data} /> : null}
          {changed && preview.error ? <Notice kind="bad">{problem(preview.error)}</Notice> : null}
          {rehearsalId ? <RehearsalCard rehearsalId={rehearsalId} editable={false} /> : null}
          {update.error ?? ask.error ? <Notice kind="bad">{problem(update.error ?? ask.error)}</Notice> : null}
          {editable ? (
            <div className="flex flex-wrap gap-2">
              <Button type="submit" variant="primary" disabled={!changed || preview.isError} busy={update.isPending}>{common("save")}</Button>
              {changed ? <Button busy={ask.isPending} disabled={preview.isError} onClick={() => ask.mutate({ clusterId, question: { kind: "tonight", settings: change } })}>{t("rehearse")}</Button> : null}
              {changed ? <Button variant="ghost" onClick={() => { setChange({}); setRehearsalId(null); }}>{common("cancel")}</Button> : null}
            </div>
          ) : null}
        </div>
      </form>
    </Card>
  );
}

/** What the settings mean from then on; only what belongs to a changed one. */
function Effect({ effect }: { readonly effect: RouterOutputs["admin"]["automation"]["preview"] }) {
  const t = useTranslations("admin.settings");
  const formats = useFormats();
  const touches = (...names: readonly string[]): boolean => names.some((name) => effect.changed.includes(name));
  const lines = [
    ...(effect.wakesNow > 0 ? [t("effects.wakesNow", { count: effect.wakesNow })] : []),
    ...(touches("consolidate", "minAwakeHosts") ? [t("effects.mostAsleep", { count: effect.mostAsleep })] : []),
    ...(touches("consolidate", "consolidateWindows", "timeZone") ? [t("effects.sleepHours", { hours: formats.number(effect.sleepHoursPerWeek, 1) })] : []),
    ...(touches("quietHours", "timeZone") ? [t("effects.quietHours", { hours: formats.number(effect.quietHoursPerWeek, 1) })] : []),
    ...(touches("rebalance", "consolidate", "movesPerHour") ? [t("effects.moves", { count: effect.movesPerDay })] : []),
    ...(touches("wakeTestDays") ? [t("effects.wakeTests", { count: Math.round(effect.wakeTestsPerYear) })] : []),
    ...(touches("drillDays", "drillWindows") ? [effect.drillHosts === 0 ? t("effects.noDrillHosts") : t("effects.drills", { count: Math.round(effect.drillsPerYear), hosts: effect.drillHosts })] : []),
  ];
  return (
    <Notice title={t("effect")}>
      {lines.length === 0 ? t("effects.fromNow") : <ul className="list-disc pl-4">{lines.map((line) => <li key={line}>{line}</li>)}</ul>}
    </Notice>
  );
}
