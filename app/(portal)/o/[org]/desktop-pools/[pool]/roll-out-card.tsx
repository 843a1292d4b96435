"use client";

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Pause, Play, Rocket } from "lucide-react";
import { useTranslations } from "next-intl";
import { useState } from "react";
import { Confirm } from "@/app/_components/confirm";
import { useOrganization } from "@/app/_components/shell/viewer";
import { Badge } from "@/app/_components/ui/badge";
import { Button } from "@/app/_components/ui/button";
import { Card, CardBody, CardHead } from "@/app/_components/ui/card";
import { cn } from "@/app/_components/ui/cn";
import { Field, Input, Select } from "@/app/_components/ui/field";
import { useFormats } from "@/app/_i18n/use-formats";
import { useTRPC } from "@/app/_trpc/client";
import { useProblemToast } from "@/app/_trpc/use-problem-text";
import { standing, type Pool } from "../pool-figures";

/** How far a version has come in the pool, and the way to another one. */
export function RollOutCard({ pool }: { readonly pool: Pool }) {
  const t = useTranslations("desktopPools.rollOut");
  const pools = useTranslations("desktopPools");
  const { slug: organization, may } = useOrganization();
  const { dateTime } = useFormats();
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const [asking, setAsking] = useState(false);
  const [versionId, setVersion] = useState("");
  const [deadline, setDeadline] = useState("");
  const versions = useQuery(trpc.desktopPools.goldenVersions.queryOptions({ organization }));
  const onSettled = (): Promise<void> => queryClient.invalidateQueries(trpc.desktopPools.pathFilter());
  const rollOut = useMutation(trpc.desktopPools.rollOut.mutationOptions({ onSettled }));
  const toggle = useMutation(trpc.desktopPools.rollOut.mutationOptions({ onError: useProblemToast(), onSettled }));
  const others = (versions.data?.items ?? []).filter((one) => one.goldenImageId === pool.goldenImageId && one.state === "published" && one.id !== pool.versionId);
  const newest = others.find((one) => one.number > pool.versionNumber);
  const chosen = others.find((one) => one.id === versionId) ?? newest ?? others[0];
  const total = standing(pool).all;
  const done = total - pool.outdated;
  return (
    <Card className="mt-4">
      <CardHead
        title={t("title")}
        description={t("text")}
        actions={
          may("admin") ? (
            <>
              {pool.outdated > 0 || pool.rolloutPaused ? (
                <Button size="sm" busy={toggle.isPending} onClick={() => toggle.mutate({ organization, poolId: pool.id, versionId: pool.versionId, paused: !pool.rolloutPaused, deadline: pool.rolloutDeadline })}>
                  {pool.rolloutPaused ? <Play aria-hidden /> : <Pause aria-hidden />}
                  {t(pool.rolloutPaused ? "resume" : "pause")}
                </Button>
              ) : null}
              {others.length > 0 ? (
                <Button size="sm" variant={newest ? "primary" : "secondary"} onClick={() => setAsking(true)}>
                  <Rocket aria-hidden />
                  {t("choose")}
                </Button>
              ) : null}
            </>
          ) : null
        }
      />
      <CardBody className="grid gap-2">
        <div role="progressbar" aria-label={t("progress")} aria-valuemin={0} aria-valuemax={total} aria-valuenow={done} className="h-1.5 overflow-hidden rounded-full bg-raised">
          <div className={cn("h-full transition-[width]", pool.rolloutPaused ? "bg-warn" : "bg-accent")} style={{ width: `${total === 0 ? 100 : (100 * done) / total}%` }} />
        </div>
        <p className="flex flex-wrap items-center gap-2 text-xs text-muted" aria-live="polite">
          {pool.outdated === 0 ? t("done", { total, number: pool.versionNumber }) : t("under", { done, total, number: pool.versionNumber })}
          {pool.rolloutPaused ? <Badge tone="warn" dot>{t("paused")}</Badge> : null}
          {pool.rolloutDeadline && pool.outdated > 0 ? <span>{t("deadlineSet", { time: dateTime(pool.rolloutDeadline) })}</span> : null}
          {newest ? <Badge tone="accent">{t("newer", { number: newest.number })}</Badge> : null}
        </p>
      </CardBody>
      <Confirm
        open={asking}
        onOpenChange={setAsking}
        title={t("choose")}
        description={t("text")}
        action={t(chosen && chosen.number < pool.versionNumber ? "back" : "roll")}
        disabled={!chosen}
        onConfirm={() => (chosen ? rollOut.mutateAsync({ organization, poolId: pool.id, versionId: chosen.id, deadline: deadline === "" ? null : new Date(deadline) }) : Promise.resolve())}
      >
        <Field label={t("title")}>
          {(control) => (
            <Select {...control} className="w-full" value={chosen?.id ?? ""} onChange={(event) => setVersion(event.target.value)}>
              {others.map((one) => <option key={one.id} value={one.id}>{`${pools("version", { number: one.number })}${one.note ? `: ${one.note}` : ""}`}</option>)}
            </Select>
          )}
        </Field>
        <Field label={t("deadline")} hint={t("deadlineHint")}>
          {(control) => <Input {...control} type="datetime-local" value={deadline} onChange={(event) => setDeadline(event.target.value)} />}
        </Field>
      </Confirm>
    </Card>
  );
}
