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

type Policy = RouterOutputs["admin"]["clusters"]["get"]["policy"];
const FIELDS = ["cpuRatio", "memoryRatio", "storageRatio", "storageFloorFraction", "failoverHosts", "suspectAfterSeconds", "fenceAfterSeconds", "fenceBrakeFraction"] as const;
type Field = (typeof FIELDS)[number];

interface PolicyProps {
  readonly clusterId: string;
  readonly policy: Policy;
  readonly editable: boolean;
}

/** How much may be sold; each change shows what it would do before it is saved. */
export function PolicyForm({ clusterId, policy, editable }: PolicyProps) {
  const t = useTranslations("admin.policy");
  const common = useTranslations("common");
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const problem = useProblemText();
  const [typed, setTyped] = useState<Partial<Record<Field, string>>>({});
  const change: Partial<Record<Field, number>> = {};
  for (const name of FIELDS) {
    const text = typed[name];
    if (text !== undefined && text.trim() !== "" && Number.isFinite(Number(text)) && Number(text) !== policy[name]) change[name] = Number(text);
  }
  const input = { clusterId, ...change };
  const changed = Object.keys(change).length > 0;
  const preview = useQuery(trpc.admin.clusters.previewPolicy.queryOptions(input, { enabled: changed, staleTime: 0, placeholderData: keepPreviousData }));
  const update = useMutation(
    trpc.admin.clusters.updatePolicy.mutationOptions({
      onSuccess: () => {
        setTyped({});
        toast.success(common("saved"));
      },
      onSettled: () => queryClient.invalidateQueries(trpc.admin.clusters.pathFilter()),
    }),
  );
  return (
    <Card>
      <CardHead title={t("title")} description={t("text")} />
      <form
        className="grid gap-4 p-4"
        onSubmit={(event) => {
          event.preventDefault();
          if (changed) update.mutate(input);
        }}
      >
        <div className="grid gap-4 sm:grid-cols-2 lg:grid-cols-4">
          {FIELDS.map((name) => (
            <Field key={name} label={t(`fields.${name}`)} hint={t(`hints.${name}`)}>
              {(control) => (
                <Input {...control} type="number" inputMode="decimal" step={name === "failoverHosts" ? 1 : "any"} min={0} disabled={!editable} value={typed[name] ?? String(policy[name])} onChange={(event) => setTyped({ ...typed, [name]: event.target.value })} />
              )}
            </Field>
          ))}
        </div>
        {changed && preview.data ? <Effect effect={preview.data} /> : null}
        {changed && preview.error ? <Notice kind="bad">{problem(preview.error)}</Notice> : null}
        {update.error ? <Notice kind="bad">{problem(update.error)}</Notice> : null}
        {editable ? (
          <div className="flex gap-2">
            <Button type="submit" variant="primary" disabled={!changed || preview.isError} busy={update.isPending}>{t("apply")}</Button>
            {changed ? <Button onClick={() => setTyped({})}>{common("cancel")}</Button> : null}
          </div>
        ) : null}
      </form>
    </Card>
  );
}

function Effect({ effect }: { readonly effect: RouterOutputs["admin"]["clusters"]["previewPolicy"] }) {
  const t = useTranslations("admin.policy");
  const formats = useFormats();
  const { sellable } = effect;
  const rows = [
    { key: "vcpus", before: formats.number(sellable.vcpusBefore), after: formats.number(sellable.vcpusAfter) },
    { key: "memory", before: formats.mebibytes(sellable.memoryMiBBefore), after: formats.mebibytes(sellable.memoryMiBAfter) },
    { key: "storage", before: formats.mebibytes(sellable.storageMiBBefore), after: formats.mebibytes(sellable.storageMiBAfter) },
  ] as const;
  return (
    <Notice kind={effect.oversold.length > 0 ? "warn" : "info"} title={t("effect")}>
      <dl className="numeric grid gap-x-6 sm:grid-cols-3">
        {rows.map((row) => (
          <div key={row.key} className="flex gap-2"><dt className="text-muted">{t(`sellable.${row.key}`)}</dt><dd>{row.before === row.after ? row.after : `${row.before} → ${row.after}`}</dd></div>
        ))}
      </dl>
      <p className="mt-1">{t("untouched")}</p>
      {effect.oversold.length > 0 ? <ul className="mt-1 list-disc pl-4">{effect.oversold.map((host) => <li key={host.hostId}>{host.text}</li>)}</ul> : null}
    </Notice>
  );
}
