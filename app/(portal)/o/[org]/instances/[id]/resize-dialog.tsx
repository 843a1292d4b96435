"use client";

import { keepPreviousData, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useTranslations } from "next-intl";
import { useState, type ReactNode } from "react";
import { toast } from "sonner";
import { Loaded } from "@/app/_components/loaded";
import { useOrganization } from "@/app/_components/shell/viewer";
import { Button } from "@/app/_components/ui/button";
import { Dialog } from "@/app/_components/ui/dialog";
import { Field, Input, Select } from "@/app/_components/ui/field";
import { Notice } from "@/app/_components/ui/notice";
import { useWords } from "@/app/_components/use-words";
import { useFormats } from "@/app/_i18n/use-formats";
import { useTRPC } from "@/app/_trpc/client";
import { useProblemText } from "@/app/_trpc/use-problem-text";
import type { Instance } from "./types";

interface ResizeProps {
  readonly instance: Instance;
  readonly open: boolean;
  readonly onOpenChange: (open: boolean) => void;
}

export function ResizeDialog(props: ResizeProps) {
  const t = useTranslations("instance.resizing");
  return (
    <Dialog open={props.open} onOpenChange={props.onOpenChange} title={t("title", { name: props.instance.name })} description={t("text")}>
      <ResizeForm {...props} />
    </Dialog>
  );
}

/** The largest disk that the form offers; the quota and the pool decide below it. */
const LARGEST_DISK_GIB = 65_536;

function ResizeForm({ instance, onOpenChange }: ResizeProps) {
  const t = useTranslations("instance.resizing");
  const common = useTranslations("common");
  const formats = useFormats();
  const units = useTranslations("units");
  const { slug: organization } = useOrganization();
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const problem = useProblemText();
  const say = useWords();
  const [flavorId, setFlavorId] = useState(instance.flavorId);
  const [diskGiB, setDiskGiB] = useState(instance.diskGiB);
  const flavors = useQuery(trpc.catalog.flavors.queryOptions({ organization }));
  const changed = flavorId !== instance.flavorId || diskGiB !== instance.diskGiB;
  const validDisk = Number.isInteger(diskGiB) && diskGiB >= instance.diskGiB && diskGiB <= LARGEST_DISK_GIB;
  const change = {
    organization,
    instanceId: instance.id,
    ...(flavorId === instance.flavorId ? {} : { flavorId }),
    ...(diskGiB === instance.diskGiB ? {} : { diskGiB }),
  };
  const preview = useQuery(trpc.instances.previewResize.queryOptions(change, { enabled: changed && validDisk, placeholderData: keepPreviousData, staleTime: 0 }));
  const resize = useMutation(
    trpc.instances.resize.mutationOptions({
      onSuccess: (result) => {
        toast.success(result.effect === "live" ? t("doneLive") : t("doneBoot"));
        onOpenChange(false);
      },
      onSettled: () => Promise.all([queryClient.invalidateQueries(trpc.instances.pathFilter()), queryClient.invalidateQueries(trpc.quota.pathFilter())]),
    }),
  );

  return (
    <form
      className="grid gap-4 pb-1"
      onSubmit={(event) => {
        event.preventDefault();
        if (changed && validDisk) resize.mutate(change);
      }}
    >
      <Loaded query={flavors}>
        {(list) => (
          <Field label={t("flavor")}>
            {(control) => (
              <Select {...control} className="w-full" value={flavorId} onChange={(event) => setFlavorId(event.target.value)}>
                {list.some((flavor) => flavor.id === instance.flavorId) ? null : <option value={instance.flavorId}>{instance.flavorName}</option>}
                {list.map((flavor) => (
                  <option key={flavor.id} value={flavor.id}>
                    {`${flavor.name} · ${units("vcpus", { count: flavor.vcpus })} · ${formats.mebibytes(flavor.memoryMiB)}`}
                  </option>
                ))}
              </Select>
            )}
          </Field>
        )}
      </Loaded>
      <Field label={t("disk")} hint={t("diskHint")} error={validDisk ? undefined : t("diskError", { size: formats.gibibytes(instance.diskGiB) })}>
        {(control) => <Input {...control} type="number" inputMode="numeric" min={instance.diskGiB} max={LARGEST_DISK_GIB} step={1} value={Number.isNaN(diskGiB) ? "" : diskGiB} onChange={(event) => setDiskGiB(event.target.valueAsNumber)} />}
      </Field>
      {changed && validDisk && preview.data ? (
        <div className="grid gap-2 rounded-md border p-3">
          <Row label={t("price")}>
            {preview.data.priceBefore === null || preview.data.priceAfter === null ? t("noPrice") : (
              <>
                <s className="text-muted">{formats.perHour(preview.data.priceBefore, preview.data.currency)}</s>{" "}
                <strong>{formats.perHour(preview.data.priceAfter, preview.data.currency)}</strong>
                <span className="block text-xs text-muted">{formats.perMonth(preview.data.priceAfter, preview.data.currency)}</span>
              </>
            )}
          </Row>
          <Row label={t("quotaLeft")}>
            {[units("vcpus", { count: preview.data.quotaAfter.vcpus }), formats.mebibytes(preview.data.quotaAfter.memoryMiB), formats.gibibytes(preview.data.quotaAfter.storageGiB)].join(" · ")}
          </Row>
          <Row label={t("when")}>{preview.data.live ? t("live") : t("atNextBoot")}</Row>
          {!preview.data.live && preview.data.reason ? <p className="text-xs text-muted">{say(preview.data.reasonWords, preview.data.reason)}</p> : null}
        </div>
      ) : null}
      {preview.error && changed && validDisk ? <Notice kind="warn">{problem(preview.error)}</Notice> : null}
      {resize.error ? <Notice kind="bad">{problem(resize.error)}</Notice> : null}
      <div className="flex justify-end gap-2">
        <Button onClick={() => onOpenChange(false)}>{common("cancel")}</Button>
        <Button type="submit" variant="primary" disabled={!changed || !validDisk} busy={resize.isPending}>
          {t("action")}
        </Button>
      </div>
    </form>
  );
}

function Row({ label, children }: { readonly label: string; readonly children: ReactNode }) {
  return (
    <div className="flex items-baseline justify-between gap-4">
      <span className="text-muted">{label}</span>
      <span className="numeric text-right">{children}</span>
    </div>
  );
}
