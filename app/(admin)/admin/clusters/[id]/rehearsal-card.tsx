"use client";

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { ArrowRight } from "lucide-react";
import { useTranslations } from "next-intl";
import { useState } from "react";
import type { RouterOutputs } from "@/server/api/root";
import { LineChart } from "@/app/_components/charts/line-chart";
import { Confirm } from "@/app/_components/confirm";
import { Loaded } from "@/app/_components/loaded";
import { saveFile } from "@/app/_components/save-file";
import { Badge } from "@/app/_components/ui/badge";
import { Button } from "@/app/_components/ui/button";
import { Notice } from "@/app/_components/ui/notice";
import { Skeleton } from "@/app/_components/ui/skeleton";
import { Table, Td, Th, Tr } from "@/app/_components/ui/table";
import { cn } from "@/app/_components/ui/cn";
import { useWords } from "@/app/_components/use-words";
import { useFormats } from "@/app/_i18n/use-formats";
import { useTRPC, useTRPCClient } from "@/app/_trpc/client";
import { ReceiptTable } from "./receipt-table";

type Rehearsal = RouterOutputs["admin"]["rehearsals"]["get"];
type Result = NonNullable<Rehearsal["result"]>;
type Figures = Result["before"];
const SHOWN = 12;
/** Below this a difference is noise of the forecast. */
const SAME = 0.005;

/** One rehearsal: the fleet before and after, what would be done, and what it comes to. */
export function RehearsalCard({ rehearsalId, editable }: { readonly rehearsalId: string; readonly editable: boolean }) {
  const t = useTranslations("admin.rehearsal");
  const trpc = useTRPC();
  const query = useQuery(trpc.admin.rehearsals.get.queryOptions({ rehearsalId }));
  return (
    <Loaded query={query} skeleton={<Skeleton className="h-40" />}>
      {(rehearsal) => (
        <div className="grid min-w-0 gap-4">
          {rehearsal.state === "asked" ? <p role="status" className="text-muted">{t("playing")}</p> : null}
          {rehearsal.error ? <Notice kind="bad" title={t("failed")}>{rehearsal.error}</Notice> : null}
          {rehearsal.receipt ? <ReceiptTable receipt={rehearsal.receipt} /> : null}
          {rehearsal.result ? <ResultView rehearsal={rehearsal} result={rehearsal.result} editable={editable} /> : null}
        </div>
      )}
    </Loaded>
  );
}

function ResultView({ rehearsal, result, editable }: { readonly rehearsal: Rehearsal; readonly result: Result; readonly editable: boolean }) {
  const t = useTranslations("admin.rehearsal");
  const formats = useFormats();
  const from = new Date(result.from).getTime();
  return (
    <>
      <p className="text-xs text-muted">
        {t("played", { days: result.historyDays, duration: formats.duration(result.playedMs), speed: formats.number((result.seconds * 1_000) / Math.max(1, result.playedMs), 0) })}
        {result.assumed.map((one) => ` ${t(`assumed.${one}`)}`)}
      </p>
      <Diff before={result.before} after={result.after} currency={result.currency} />
      {result.series.length > 1 ? (
        <div className="max-w-2xl"><LineChart title={t("chart")} series={[t("chartWith"), t("chartWithout")]} points={result.series.map((one) => ({ at: new Date(from + one.atSeconds * 1_000), values: [one.watts, one.wattsOtherwise] }))} formatValue={(watts) => t("watts", { watts: formats.number(watts, 0) })} formatTime={formats.time} empty={t("noChart")} gapMs={Infinity} /></div>
      ) : null}
      <Steps result={result} />
      <Carry rehearsal={rehearsal} result={result} editable={editable} />
    </>
  );
}

/** What is the same is grey; better is green, worse is red; what is only different has no colour. */
function Diff({ before, after, currency }: { readonly before: Figures; readonly after: Figures; readonly currency: string }) {
  const t = useTranslations("admin.rehearsal");
  const common = useTranslations("common");
  const formats = useFormats();
  const rows: readonly { readonly key: "hostsAwake" | "hostsAsleep" | "instances" | "vcpus" | "memory" | "headroom" | "hottest" | "contention" | "loss" | "kwh" | "money" | "carbon"; readonly text: (one: Figures) => string; readonly value: (one: Figures) => number; readonly better: "more" | "less" | null }[] = [
    { key: "hostsAwake", text: (one) => formats.number(one.hostsAwake), value: (one) => one.hostsAwake, better: null },
    { key: "hostsAsleep", text: (one) => formats.number(one.hostsAsleep), value: (one) => one.hostsAsleep, better: null },
    { key: "instances", text: (one) => formats.number(one.instances), value: (one) => one.instances, better: null },
    { key: "vcpus", text: (one) => t("soldOf", { sold: formats.number(one.vcpusSold), all: formats.number(one.vcpusSellable) }), value: (one) => one.vcpusSellable - one.vcpusSold, better: null },
    { key: "memory", text: (one) => t("soldOf", { sold: formats.mebibytes(one.memorySoldMiB), all: formats.mebibytes(one.memorySellableMiB) }), value: (one) => one.memorySellableMiB - one.memorySoldMiB, better: null },
    { key: "headroom", text: (one) => t("usual", { count: one.headroomMachines }), value: (one) => one.headroomMachines, better: "more" },
    { key: "hottest", text: (one) => `${formats.percent(one.hottestFraction)}${one.hottestHostName ? ` (${one.hottestHostName})` : ""}`, value: (one) => one.hottestFraction, better: "less" },
    { key: "contention", text: (one) => (one.contentionMinutes === 0 ? common("none") : formats.duration(one.contentionMinutes * 60_000)), value: (one) => one.contentionMinutes, better: "less" },
    { key: "loss", text: (one) => (one.lossSurvived ? common("yes") : one.uncoveredHostName ? t("notSurvived", { host: one.uncoveredHostName }) : common("no")), value: (one) => (one.lossSurvived ? 1 : 0), better: "more" },
    { key: "kwh", text: (one) => t("kwhValue", { kwh: formats.number(one.kwh, 2) }), value: (one) => one.kwh, better: "less" },
    { key: "money", text: (one) => formats.money(one.moneyMicros, currency), value: (one) => one.moneyMicros, better: "less" },
    { key: "carbon", text: (one) => t("kilograms", { kg: formats.number(one.carbonGrams / 1_000, 2) }), value: (one) => one.carbonGrams, better: "less" },
  ];
  return (
    <Table label={t("diff")}>
      <thead><tr><Th>{t("figure")}</Th><Th right>{t("now")}</Th><Th right>{t("then")}</Th></tr></thead>
      <tbody>
        {rows.map((row) => {
          const [a, b] = [row.value(before), row.value(after)];
          const same = Math.abs(a - b) <= Math.max(Math.abs(a), Math.abs(b)) * SAME;
          const good = row.better === null || same ? null : (b > a) === (row.better === "more");
          return (
            <Tr key={row.key}>
              <Td className="h-8 py-1">{t(`figures.${row.key}`)}</Td>
              <Td right className="h-8 py-1 text-muted">{row.text(before)}</Td>
              <Td right className={cn("h-8 py-1", same ? "text-muted" : "font-medium", good === true && "text-good", good === false && "text-bad")}>{row.text(after)}</Td>
            </Tr>
          );
        })}
      </tbody>
    </Table>
  );
}

function Steps({ result }: { readonly result: Result }) {
  const t = useTranslations("admin.rehearsal");
  const formats = useFormats();
  const say = useWords();
  const from = new Date(result.from).getTime();
  const when = (seconds: number): string => (seconds < 60 ? t("after", { duration: formats.duration(seconds * 1_000) }) : formats.time(new Date(from + seconds * 1_000)));
  const events = result.events.toSorted((a, b) => a.atSeconds - b.atSeconds);
  return (
    <div className="grid gap-4 lg:grid-cols-2">
      <section className="grid content-start gap-1.5">
        <h3 className="font-medium">{t("moves", { count: result.moves.length })}</h3>
        <ul className="grid gap-1 text-xs">
          {result.moves.slice(0, SHOWN).map((move, index) => (
            <li key={`${move.instanceId}-${index}`} className="flex flex-wrap items-center gap-1.5">
              <span className="numeric w-16 text-muted">{when(move.atSeconds)}</span>
              <span className="font-medium">{move.instanceName}</span>
              <span className="inline-flex items-center gap-1 text-muted">{move.fromHostName ?? t("fresh")}<ArrowRight aria-hidden className="size-3" />{move.toHostName}</span>
              <span className="ml-auto text-muted">{move.how === "place" ? t(`why.${move.why}`) : t("pause", { why: t(`why.${move.why}`), duration: formats.duration(move.downtimeMs) })}</span>
            </li>
          ))}
          {result.moves.length > SHOWN ? <li className="text-muted">{t("andMore", { count: result.moves.length - SHOWN })}</li> : null}
        </ul>
      </section>
      <section className="grid content-start gap-1.5">
        <h3 className="font-medium">{t("events")}</h3>
        {events.length === 0 ? <p className="text-xs text-muted">{t("noEvents")}</p> : null}
        <ul className="grid gap-1 text-xs">
          {events.slice(0, SHOWN).map((event, index) => (
            <li key={index} className="flex gap-1.5">
              <span className="numeric w-16 shrink-0 text-muted">{when(event.atSeconds)}</span>
              <span>{t(`eventKinds.${event.kind}`, { host: event.hostName ?? "", count: event.amount ?? 0, percent: formats.percent(event.amount ?? 0) })}</span>
            </li>
          ))}
          {events.length > SHOWN ? <li className="text-muted">{t("andMore", { count: events.length - SHOWN })}</li> : null}
        </ul>
        {result.refusals.length > 0 ? (
          <Notice kind="warn" title={t("refusals")}>
            <ul className="list-disc pl-4">{result.refusals.slice(0, SHOWN).map((one) => <li key={one.name}>{one.name}: {say(one.words, one.text)}</li>)}</ul>
          </Notice>
        ) : null}
      </section>
    </div>
  );
}

function Carry({ rehearsal, result, editable }: { readonly rehearsal: Rehearsal; readonly result: Result; readonly editable: boolean }) {
  const t = useTranslations("admin.rehearsal");
  const trpc = useTRPC();
  const client = useTRPCClient();
  const queryClient = useQueryClient();
  const [asking, setAsking] = useState(false);
  const carryOut = useMutation(trpc.admin.rehearsals.carryOut.mutationOptions({ onSettled: () => Promise.all([queryClient.invalidateQueries(trpc.admin.rehearsals.pathFilter()), queryClient.invalidateQueries(trpc.admin.clusters.pathFilter()), queryClient.invalidateQueries(trpc.admin.automation.pathFilter())]) }));
  const formats = useFormats();
  const save = async (): Promise<void> => {
    const { fileName, text } = await client.admin.rehearsals.export.query({ rehearsalId: rehearsal.id });
    saveFile(fileName, "application/json", text);
  };
  const changed = !rehearsal.current && (result.apply === "drain" || result.apply === "ratio" || result.apply === "wake");
  return (
    <div className="flex flex-wrap items-center gap-2">
      {editable && rehearsal.state === "played" && result.apply ? <Button variant="primary" onClick={() => setAsking(true)}>{t(`apply.${result.apply}`)}</Button> : null}
      {result.apply === null && rehearsal.question.kind === "lose-host" ? <span className="text-xs text-muted">{t("neverApplied")}</span> : null}
      {rehearsal.appliedAt ? <Badge tone="accent">{t("appliedAt", { time: formats.dateTime(rehearsal.appliedAt) })}</Badge> : null}
      {rehearsal.compareAt && !rehearsal.measuredAt && (rehearsal.state === "applied" || rehearsal.question.kind === "tonight" || rehearsal.question.kind === "add-desktops") ? <span className="text-xs text-muted">{t("comparedAt", { time: formats.dateTime(rehearsal.compareAt) })}</span> : null}
      <Button size="sm" className="ml-auto" onClick={() => void save()}>{t("export")}</Button>
      {result.apply ? (
        <Confirm open={asking} onOpenChange={setAsking} title={t(`apply.${result.apply}`)} description={t(`applyText.${result.apply}`, { count: result.applyHostIds.length })} action={t(`apply.${result.apply}`)} danger={result.apply === "drain"} onConfirm={() => carryOut.mutateAsync({ rehearsalId: rehearsal.id, evenIfChanged: changed })}>
          {changed ? <Notice kind="warn">{t("hasChanged")}</Notice> : null}
        </Confirm>
      ) : null}
    </div>
  );
}
