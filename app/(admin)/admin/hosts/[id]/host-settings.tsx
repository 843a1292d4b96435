"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useTranslations } from "next-intl";
import { useState } from "react";
import { toast } from "sonner";
import type { RouterOutputs } from "@/server/api/root";
import { Button } from "@/app/_components/ui/button";
import { Card, CardHead } from "@/app/_components/ui/card";
import { CheckboxLine, Field, Input } from "@/app/_components/ui/field";
import { Notice } from "@/app/_components/ui/notice";
import { useFormats } from "@/app/_i18n/use-formats";
import { useTRPC } from "@/app/_trpc/client";
import { useProblemText } from "@/app/_trpc/use-problem-text";

type Host = RouterOutputs["admin"]["hosts"]["get"]["host"];
/** 0, 10, ... 100 % of the cores busy. */
const POINTS = 11;

/** What only an operator knows of a host: whether it may sleep or be crashed in a drill, what it draws, how fast its link is. */
export function HostSettings({ host, editable }: { readonly host: Host; readonly editable: boolean }) {
  const t = useTranslations("admin.hostSettings");
  const common = useTranslations("common");
  const formats = useFormats();
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const problem = useProblemText();
  const [keepAwake, setKeepAwake] = useState(host.keepAwake);
  const [drillable, setDrillable] = useState(host.drillable);
  const [link, setLink] = useState(host.linkMbps === null ? "" : String(host.linkMbps));
  const [curve, setCurve] = useState(host.powerCurve?.watts.join(" ") ?? "");
  const [asleep, setAsleep] = useState(host.powerCurve ? String(host.powerCurve.asleepWatts) : "");
  const save = useMutation(trpc.admin.hosts.setPower.mutationOptions({ onSuccess: () => toast.success(common("saved")), onSettled: () => queryClient.invalidateQueries(trpc.admin.hosts.pathFilter()) }));
  const watts = curve.split(/[\s,;]+/).filter(Boolean).map(Number);
  const curveFits = curve.trim() === "" || (watts.length === POINTS && watts.every((one) => Number.isFinite(one) && one >= 0) && Number(asleep || 0) >= 0);
  return (
    <Card>
      <CardHead title={t("title")} description={t("text")} />
      <form className="grid gap-4 p-4" onSubmit={(event) => {
        event.preventDefault();
        if (curveFits) save.mutate({ hostId: host.id, keepAwake, drillable, linkMbps: link.trim() === "" ? null : Number(link), powerCurve: curve.trim() === "" ? null : { watts, asleepWatts: Number(asleep || 0) } });
      }}>
        <div className="grid gap-3 sm:grid-cols-2">
          <CheckboxLine label={t("keepAwake")} hint={t("keepAwakeHint")} disabled={!editable} checked={keepAwake} onChange={(event) => setKeepAwake(event.target.checked)} />
          <CheckboxLine label={t("drillable")} hint={t("drillableHint")} disabled={!editable} checked={drillable} onChange={(event) => setDrillable(event.target.checked)} />
        </div>
        <div className="grid gap-4 sm:grid-cols-[8rem_minmax(0,1fr)_8rem]">
          <Field label={t("link")} hint={t("linkHint")}>{(control) => <Input {...control} type="number" min={1} disabled={!editable} value={link} onChange={(event) => setLink(event.target.value)} />}</Field>
          <Field label={t("curve")} hint={t("curveHint")} error={curveFits ? undefined : t("curveWrong", { count: watts.length })}>{(control) => <Input {...control} disabled={!editable} value={curve} onChange={(event) => setCurve(event.target.value)} />}</Field>
          <Field label={t("asleep")}>{(control) => <Input {...control} type="number" min={0} step="any" disabled={!editable} value={asleep} onChange={(event) => setAsleep(event.target.value)} />}</Field>
        </div>
        <p className="text-xs text-muted">{host.wakeSeconds === null ? t("neverWoken") : t("wakes", { duration: formats.duration(host.wakeSeconds * 1_000) })}{host.lastWakeTestAt ? ` ${t("tested", { time: formats.dateTime(host.lastWakeTestAt) })}` : ""}</p>
        {save.error ? <Notice kind="bad">{problem(save.error)}</Notice> : null}
        {editable ? <span><Button type="submit" variant="primary" disabled={!curveFits} busy={save.isPending}>{common("save")}</Button></span> : null}
      </form>
    </Card>
  );
}
