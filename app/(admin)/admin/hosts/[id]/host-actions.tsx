"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { ChevronDown } from "lucide-react";
import { useTranslations } from "next-intl";
import { useState } from "react";
import type { RouterOutputs } from "@/server/api/root";
import { Confirm } from "@/app/_components/confirm";
import { useStaff } from "@/app/_components/shell/viewer";
import { Button } from "@/app/_components/ui/button";
import { Field, Textarea } from "@/app/_components/ui/field";
import { Menu, MenuContent, MenuItem, MenuSeparator, MenuTrigger } from "@/app/_components/ui/menu";
import { useTRPC } from "@/app/_trpc/client";
import { useProblemToast } from "@/app/_trpc/use-problem-text";
import { DrainDialog } from "./drain-dialog";

type Data = RouterOutputs["admin"]["hosts"]["get"];

export function HostActions({ host, fencing }: { readonly host: Data["host"]; readonly fencing: Data["fencing"] }) {
  const t = useTranslations("admin.hosts");
  const trpc = useTRPC();
  const staff = useStaff();
  const queryClient = useQueryClient();
  const onError = useProblemToast();
  const onSettled = (): Promise<unknown> => Promise.all([queryClient.invalidateQueries(trpc.admin.hosts.pathFilter()), queryClient.invalidateQueries(trpc.admin.clusters.pathFilter())]);
  const [asking, setAsking] = useState<"drain" | "maintenance" | "vouch" | "retire" | "fence" | "drill" | null>(null);
  const [statement, setStatement] = useState("");
  const cordon = useMutation(trpc.admin.hosts.cordon.mutationOptions({ onSettled, onError }));
  const uncordon = useMutation(trpc.admin.hosts.uncordon.mutationOptions({ onSettled, onError }));
  const cancelDrain = useMutation(trpc.admin.hosts.cancelDrain.mutationOptions({ onSettled, onError }));
  const back = useMutation(trpc.admin.hosts.returnToService.mutationOptions({ onSettled, onError }));
  const maintain = useMutation(trpc.admin.hosts.enterMaintenance.mutationOptions({ onSettled }));
  const vouch = useMutation(trpc.admin.hosts.vouchDead.mutationOptions({ onSettled }));
  const retire = useMutation(trpc.admin.hosts.retire.mutationOptions({ onSettled }));
  const fence = useMutation(trpc.admin.hosts.fence.mutationOptions({ onSettled }));
  const wake = useMutation(trpc.admin.hosts.wake.mutationOptions({ onSettled, onError }));
  const drill = useMutation(trpc.admin.rehearsals.orderDrill.mutationOptions({ onSettled }));
  const { id: hostId } = host;
  const close = (open: boolean): void => setAsking(open ? asking : null);
  if (!staff.may("admin") || host.state === "retired") return null;
  const silent = host.state === "unreachable" || host.state === "suspect" || host.state === "fencing";
  const mayWake = host.state === "asleep" && host.powerState === "asleep";
  const mayReturn = host.maintenance || host.state === "quarantined" || host.state === "fenced";
  return (
    <>
      {silent || (fencing?.state === "blocked" && fencing.closedAt === null) ? <Button variant="dangerOutline" onClick={() => setAsking("vouch")}>{t("vouch")}</Button> : null}
      {mayWake ? <Button variant="primary" busy={wake.isPending} onClick={() => wake.mutate({ hostId })}>{t("wake")}</Button> : null}
      {mayReturn ? <Button variant="primary" busy={back.isPending} onClick={() => back.mutate({ hostId })}>{t("return")}</Button> : null}
      {host.draining ? <Button busy={cancelDrain.isPending} onClick={() => cancelDrain.mutate({ hostId })}>{t("cancelDrain")}</Button> : <Button onClick={() => setAsking("drain")}>{t("drain")}</Button>}
      <Menu>
        <MenuTrigger asChild><Button>{t("more")}<ChevronDown aria-hidden /></Button></MenuTrigger>
        <MenuContent align="end">
          {host.cordoned ? <MenuItem onSelect={() => uncordon.mutate({ hostId })}>{t("uncordon")}</MenuItem> : <MenuItem onSelect={() => cordon.mutate({ hostId })}>{t("cordon")}</MenuItem>}
          <MenuItem disabled={host.maintenance} onSelect={() => setAsking("maintenance")}>{t("enterMaintenance")}</MenuItem>
          {host.drillable ? <MenuItem danger disabled={host.state !== "up"} onSelect={() => setAsking("drill")}>{t("drill")}</MenuItem> : null}
          {host.state === "isolated" || host.state === "suspect" || host.state === "unreachable" ? <MenuItem danger onSelect={() => setAsking("fence")}>{t("fence")}</MenuItem> : null}
          <MenuSeparator />
          <MenuItem danger onSelect={() => setAsking("retire")}>{t("retire")}</MenuItem>
        </MenuContent>
      </Menu>
      <DrainDialog hostId={hostId} name={host.name} open={asking === "drain"} onOpenChange={close} />
      <Confirm open={asking === "maintenance"} onOpenChange={close} title={t("maintenanceAsk", { name: host.name })} description={t("maintenanceText")} action={t("enterMaintenance")} onConfirm={() => maintain.mutateAsync({ hostId })} />
      <Confirm open={asking === "fence"} onOpenChange={close} title={t("fenceAsk", { name: host.name })} description={t("fenceText")} action={t("fence")} danger word={host.name} onConfirm={() => fence.mutateAsync({ hostId })} />
      <Confirm open={asking === "drill"} onOpenChange={close} title={t("drillAsk", { name: host.name })} description={t("drillText")} action={t("drill")} danger word={host.name} onConfirm={() => drill.mutateAsync({ hostId })} />
      <Confirm open={asking === "retire"} onOpenChange={close} title={t("retireAsk", { name: host.name })} description={t("retireText")} action={t("retire")} danger word={host.name} onConfirm={() => retire.mutateAsync({ hostId })} />
      <Confirm open={asking === "vouch"} onOpenChange={close} title={t("vouchAsk", { name: host.name })} description={t("vouchText")} action={t("vouch")} danger word={host.name} disabled={!statement.trim()} onConfirm={() => vouch.mutateAsync({ hostId, statement })}>
        <Field label={t("statement")} hint={t("statementHint")}>
          {(control) => <Textarea {...control} value={statement} maxLength={500} onChange={(event) => setStatement(event.target.value)} />}
        </Field>
      </Confirm>
    </>
  );
}
