"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useTranslations } from "next-intl";
import { useRouter } from "next/navigation";
import { useState } from "react";
import { toast } from "sonner";
import { Confirm } from "@/app/_components/confirm";
import { useOrganization } from "@/app/_components/shell/viewer";
import { Button } from "@/app/_components/ui/button";
import { Card, CardBody, CardHead } from "@/app/_components/ui/card";
import { Notice } from "@/app/_components/ui/notice";
import { useTRPC } from "@/app/_trpc/client";
import { useProblemText } from "@/app/_trpc/use-problem-text";
import { areValid, LanguageFields, PolicyFields, SizeFields, type PoolValues } from "../pool-fields";
import type { Pool } from "../pool-figures";
import { PoolCost } from "./pool-cost";
import { ScheduleFields } from "./schedule-fields";

/** Sizes, policies and times of a pool, and its end. */
export function SettingsTab({ pool }: { readonly pool: Pool }) {
  const t = useTranslations("desktopPools.settings");
  const common = useTranslations("common");
  const { slug: organization, may } = useOrganization();
  const trpc = useTRPC();
  const router = useRouter();
  const queryClient = useQueryClient();
  const problem = useProblemText();
  const { maximum, minimumReady, idleMinutes, sessionMinutes, clipboardIn, clipboardOut, remoteResize, filesIn, filesOut, fileLimitMiB, recordsEvents, locale, keyboard } = pool;
  const [values, setValues] = useState<PoolValues>({ maximum, minimumReady, idleMinutes, sessionMinutes, clipboardIn, clipboardOut, remoteResize, filesIn, filesOut, fileLimitMiB, recordsEvents, locale, keyboard });
  const [schedules, setSchedules] = useState(pool.schedules);
  const [learnsReady, setLearns] = useState(pool.learnsReady);
  const [removing, setRemoving] = useState(false);
  const onSettled = (): Promise<void> => queryClient.invalidateQueries(trpc.desktopPools.pathFilter());
  const update = useMutation(trpc.desktopPools.update.mutationOptions({ onSettled, onSuccess: () => toast.success(t("saved")) }));
  const remove = useMutation(
    trpc.desktopPools.delete.mutationOptions({
      onSuccess: () => {
        router.push(`/o/${organization}/desktop-pools`);
        return onSettled();
      },
    }),
  );
  const locked = !may("admin");
  return (
    <div className="grid gap-4">
      <form
        className="grid gap-4"
        onSubmit={(event) => {
          event.preventDefault();
          update.mutate({ organization, poolId: pool.id, ...values, learnsReady, schedules: schedules.map((one) => ({ ...one, weekdays: [...one.weekdays] })) });
        }}
      >
        <Card>
          <CardHead title={t("size")} description={t("sizeText")} />
          <CardBody className="grid gap-5">
            <SizeFields value={values} onChange={setValues} disabled={locked} />
            <PoolCost pool={pool} maximum={values.maximum} minimumReady={values.minimumReady} />
            <PolicyFields value={values} onChange={setValues} disabled={locked} />
            <LanguageFields value={values} onChange={setValues} disabled={locked} />
          </CardBody>
        </Card>
        <ScheduleFields value={schedules} onChange={setSchedules} learns={learnsReady} onLearns={setLearns} disabled={locked} />
        {update.error ? <Notice kind="bad">{problem(update.error)}</Notice> : null}
        {locked ? null : <Button type="submit" variant="primary" className="justify-self-start" busy={update.isPending} disabled={!areValid(values)}>{common("save")}</Button>}
      </form>
      {locked ? null : (
        <Card>
          <CardHead title={t("danger")} description={t("dangerText")} actions={<Button variant="dangerOutline" onClick={() => setRemoving(true)}>{t("delete")}</Button>} className="border-b-0" />
        </Card>
      )}
      <Confirm open={removing} onOpenChange={setRemoving} title={t("deleteAsk", { name: pool.name })} description={t("dangerText")} action={t("delete")} danger word={pool.name} onConfirm={() => remove.mutateAsync({ organization, poolId: pool.id })} />
    </div>
  );
}
