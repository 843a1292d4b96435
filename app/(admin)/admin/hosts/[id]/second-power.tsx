"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useTranslations } from "next-intl";
import { useState } from "react";
import type { RouterOutputs } from "@/server/api/root";
import { setSecondPowerInput } from "@/server/fleet/schema";
import { Confirm } from "@/app/_components/confirm";
import { TimeAgo } from "@/app/_components/time-ago";
import { Badge } from "@/app/_components/ui/badge";
import { Button } from "@/app/_components/ui/button";
import { Card, CardBody, CardHead } from "@/app/_components/ui/card";
import { Dialog } from "@/app/_components/ui/dialog";
import { Notice } from "@/app/_components/ui/notice";
import { useWords } from "@/app/_components/use-words";
import { useTRPC } from "@/app/_trpc/client";
import { useProblemText, useProblemToast } from "@/app/_trpc/use-problem-text";
import { deviceInput, EMPTY_SECOND, SecondPowerFields } from "../enroll/power-device";

type Data = RouterOutputs["admin"]["hosts"]["get"];

/** The device that fences a host whose controller died with it: which one, whether it answers, and its change. */
export function SecondPower({ host, second, editable }: { readonly host: Data["host"]; readonly second: Data["power"]["second"]; readonly editable: boolean }) {
  const t = useTranslations("admin.secondPower");
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const onError = useProblemToast();
  const [asking, setAsking] = useState<"set" | "remove" | null>(null);
  const onSettled = (): Promise<unknown> => queryClient.invalidateQueries(trpc.admin.hosts.pathFilter());
  const test = useMutation(trpc.admin.hosts.testSecondPower.mutationOptions({ onSettled, onError }));
  const remove = useMutation(trpc.admin.hosts.setSecondPower.mutationOptions({ onSettled }));
  const actions = editable ? (
    <>
      {second ? <Button size="sm" busy={test.isPending || second.check === null} onClick={() => test.mutate({ hostId: host.id })}>{t("test")}</Button> : null}
      <Button size="sm" onClick={() => setAsking("set")}>{second ? t("change") : t("add")}</Button>
      {second ? <Button size="sm" variant="ghost" onClick={() => setAsking("remove")}>{t("remove")}</Button> : null}
    </>
  ) : undefined;
  return (
    <Card>
      <CardHead title={t("title")} description={t("text")} actions={actions} />
      <CardBody className="grid gap-3">{second ? <Known second={second} /> : <p className="text-muted">{t("none")}</p>}</CardBody>
      <Dialog open={asking === "set"} onOpenChange={(open) => setAsking(open ? "set" : null)} wide title={second ? t("changeTitle", { name: host.name }) : t("addTitle", { name: host.name })} description={t("secretText")}>
        <SetForm hostId={host.id} onDone={() => setAsking(null)} />
      </Dialog>
      <Confirm open={asking === "remove"} onOpenChange={(open) => setAsking(open ? "remove" : null)} title={t("removeAsk", { name: host.name })} description={second?.cutAt ? t("removeCutText") : t("removeText")} action={t("remove")} danger onConfirm={() => remove.mutateAsync({ hostId: host.id, second: null })} />
    </Card>
  );
}

function Known({ second }: { readonly second: NonNullable<Data["power"]["second"]> }) {
  const t = useTranslations("admin.secondPower");
  const kinds = useTranslations("admin.enroll.powerKinds");
  const say = useWords();
  const { check } = second;
  const kind = (["ipmi", "redfish", "simulated"] as const).find((one) => one === second.kind);
  return (
    <>
      <p className="flex flex-wrap items-center gap-2">
        <span className="font-medium">{t(`roles.${second.role}`)}</span>
        <Badge>{kind ? kinds(kind) : second.kind}</Badge>
        <Badge tone={check === null ? "neutral" : check.ok ? "good" : "bad"} dot>{check === null ? t("untested") : check.ok ? t("fit") : t("unfit")}</Badge>
      </p>
      <p className="text-xs text-muted">{t(`roleHints.${second.role}`)}</p>
      {check ? <p className={check.ok ? "text-xs text-muted" : "text-xs text-bad"}>{say(check.words, check.text)} <TimeAgo at={new Date(check.at)} /></p> : null}
      {second.cutAt ? <Notice kind="warn" title={t("cutTitle")}>{second.restoreAsked ? t("cutRestoring") : t("cutText")}</Notice> : null}
    </>
  );
}

function SetForm({ hostId, onDone }: { readonly hostId: string; readonly onDone: () => void }) {
  const t = useTranslations("admin.secondPower");
  const common = useTranslations("common");
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const problem = useProblemText();
  const [draft, setDraft] = useState(EMPTY_SECOND);
  const save = useMutation(trpc.admin.hosts.setSecondPower.mutationOptions({ onSuccess: onDone, onSettled: () => queryClient.invalidateQueries(trpc.admin.hosts.pathFilter()) }));
  const parsed = setSecondPowerInput.safeParse({ hostId, second: { role: draft.role, device: deviceInput(draft.device) } });
  return (
    <form
      className="grid gap-4 pb-1 sm:grid-cols-2"
      onSubmit={(event) => {
        event.preventDefault();
        if (parsed.success) save.mutate(parsed.data);
      }}
    >
      <SecondPowerFields draft={draft} onChange={setDraft} />
      {save.error ? <div className="sm:col-span-2"><Notice kind="bad">{problem(save.error)}</Notice></div> : null}
      <div className="flex justify-end gap-2 sm:col-span-2">
        <Button onClick={onDone}>{common("cancel")}</Button>
        <Button type="submit" variant="primary" disabled={!parsed.success} busy={save.isPending}>{t("save")}</Button>
      </div>
    </form>
  );
}
