"use client";

import { keepPreviousData, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useTranslations } from "next-intl";
import { useState } from "react";
import { toast } from "sonner";
import type { RouterOutputs } from "@/server/api/root";
import { Button } from "@/app/_components/ui/button";
import { Card, CardHead } from "@/app/_components/ui/card";
import { Field, Input } from "@/app/_components/ui/field";
import { Notice } from "@/app/_components/ui/notice";
import { useFormats } from "@/app/_i18n/use-formats";
import { useTRPC } from "@/app/_trpc/client";
import { useProblemText } from "@/app/_trpc/use-problem-text";

const RESOURCES = ["instances", "vcpus", "memoryMiB", "storageGiB", "publicAddresses", "snapshots"] as const;
type Resource = (typeof RESOURCES)[number];

interface QuotaProps {
  readonly organizationId: string;
  readonly quota: RouterOutputs["admin"]["organizations"]["get"]["quota"];
  readonly editable: boolean;
}

/** Limits with what is in use; lowering one below its use is safe and says so before it is saved. */
export function QuotaForm({ organizationId, quota, editable }: QuotaProps) {
  const t = useTranslations("admin.organizations");
  const words = useTranslations("quota");
  const resources = useTranslations("resources");
  const common = useTranslations("common");
  const formats = useFormats();
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const problem = useProblemText();
  const [typed, setTyped] = useState<Partial<Record<Resource, string>>>({});
  const limits: Partial<Record<Resource, number>> = {};
  for (const name of RESOURCES) {
    const text = typed[name];
    if (text !== undefined && /^\d+$/.test(text) && Number(text) !== quota.resources[name].limit) limits[name] = Number(text);
  }
  const changed = Object.keys(limits).length > 0;
  const size = (name: Resource, value: number): string => (name === "memoryMiB" ? formats.mebibytes(value) : name === "storageGiB" ? formats.gibibytes(value) : formats.number(value));
  const preview = useQuery(trpc.admin.organizations.previewQuota.queryOptions({ organizationId, limits }, { enabled: changed, staleTime: 0, placeholderData: keepPreviousData }));
  const set = useMutation(
    trpc.admin.organizations.setQuota.mutationOptions({
      onSuccess: () => {
        setTyped({});
        toast.success(common("saved"));
      },
      onSettled: () => queryClient.invalidateQueries(trpc.admin.organizations.pathFilter()),
    }),
  );
  return (
    <Card>
      <CardHead title={words("title")} description={t("quotaText")} />
      <form
        className="grid gap-4 p-4"
        onSubmit={(event) => {
          event.preventDefault();
          if (changed) set.mutate({ organizationId, limits });
        }}
      >
        <div className="grid gap-4 sm:grid-cols-2">
          {RESOURCES.map((name) => {
            const state = quota.resources[name];
            return (
              <Field key={name} label={resources(name)} optional={name === "memoryMiB" ? "MiB" : name === "storageGiB" ? "GiB" : undefined} hint={t("inUse", { amount: size(name, state.committed + state.held) })}>
                {(control) => <Input {...control} type="number" inputMode="numeric" min={0} step={1} disabled={!editable} value={typed[name] ?? String(state.limit)} onChange={(event) => setTyped({ ...typed, [name]: event.target.value })} />}
              </Field>
            );
          })}
        </div>
        {changed && preview.data ? (
          <Notice kind={preview.data.some((effect) => effect.overBy > 0) ? "warn" : "info"} title={t("effect")}>
            <ul className="grid gap-0.5">
              {preview.data.filter((effect) => effect.limitBefore !== effect.limitAfter).map((effect) => (
                <li key={effect.resource}>
                  {t(effect.overBy > 0 ? "effectOver" : "effectLine", {
                    resource: resources(effect.resource), before: size(effect.resource, effect.limitBefore), after: size(effect.resource, effect.limitAfter), left: size(effect.resource, effect.leftAfter), over: size(effect.resource, effect.overBy),
                  })}
                </li>
              ))}
            </ul>
          </Notice>
        ) : null}
        {set.error ?? preview.error ? <Notice kind="bad">{problem(set.error ?? preview.error)}</Notice> : null}
        {editable ? (
          <div className="flex gap-2">
            <Button type="submit" variant="primary" disabled={!changed} busy={set.isPending}>{common("save")}</Button>
            {changed ? <Button onClick={() => setTyped({})}>{common("cancel")}</Button> : null}
          </div>
        ) : null}
      </form>
    </Card>
  );
}
