"use client";

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useTranslations } from "next-intl";
import { useState, type ReactNode } from "react";
import { toast } from "sonner";
import { Confirm } from "@/app/_components/confirm";
import { useOrganization } from "@/app/_components/shell/viewer";
import { Button } from "@/app/_components/ui/button";
import { Card, CardHead } from "@/app/_components/ui/card";
import { Field, Input, Select } from "@/app/_components/ui/field";
import { Notice } from "@/app/_components/ui/notice";
import { useTRPC } from "@/app/_trpc/client";
import { useProblemText } from "@/app/_trpc/use-problem-text";
import { PriceLine } from "../price-line";
import { MoveConsentForm } from "./move-consent";
import { RestartOrderForm } from "./restart-order";
import type { Instance } from "./types";

export function DangerZone({ instance }: { readonly instance: Instance }) {
  const t = useTranslations("instance.danger");
  const actions = useTranslations("instance");
  const { slug: organization, may } = useOrganization();
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const onSettled = (): Promise<unknown> => Promise.all([queryClient.invalidateQueries(trpc.instances.pathFilter()), queryClient.invalidateQueries(trpc.quota.pathFilter())]);
  const [asking, setAsking] = useState<"rebuild" | "delete" | "purge" | null>(null);
  const [imageId, setImageId] = useState(instance.imageId);
  const images = useQuery(trpc.images.list.queryOptions({ organization }, { enabled: asking === "rebuild" }));
  const rebuild = useMutation(trpc.instances.rebuild.mutationOptions({ onSettled, onSuccess: () => toast.success(t("rebuildStarted")) }));
  const remove = useMutation(trpc.instances.delete.mutationOptions({ onSettled, onSuccess: () => toast.success(t("deleted")) }));
  const restore = useMutation(trpc.instances.restore.mutationOptions({ onSettled }));
  const purge = useMutation(trpc.instances.purge.mutationOptions({ onSettled }));
  const target = { organization, instanceId: instance.id };
  const close = (open: boolean): void => setAsking(open ? asking : null);
  const inTrash = instance.deletedAt !== null;

  return (
    <div className="grid max-w-3xl gap-5">
      {inTrash ? null : <Rename instance={instance} />}
      {inTrash ? null : <MoveConsentForm instanceId={instance.id} />}
      {inTrash ? null : <RestartOrderForm instanceId={instance.id} />}
      <Card className="border-bad/40">
        <CardHead title={<span className="text-bad">{t("title")}</span>} />
        <div className="divide-y">
          {inTrash ? (
            <>
            <Line title={t("restoreTitle")} text={t("restoreText")}>
              <Button busy={restore.isPending} onClick={() => restore.mutate(target)}>
                {actions("restore")}
              </Button>
            </Line>
            {may("owner") ? (
              <Line title={t("purgeTitle")} text={t("purgeText")}>
                <Button variant="dangerOutline" onClick={() => setAsking("purge")}>
                  {t("purge")}
                </Button>
              </Line>
            ) : null}
            </>
          ) : (
            <>
              <Line title={t("rebuildTitle")} text={t("rebuildText")}>
                <Button variant="dangerOutline" onClick={() => setAsking("rebuild")}>
                  {actions("rebuild")}
                </Button>
              </Line>
              <Line title={t("deleteTitle")} text={t("deleteText")}>
                <Button variant="dangerOutline" onClick={() => setAsking("delete")}>
                  {actions("delete")}
                </Button>
              </Line>
            </>
          )}
        </div>
      </Card>
      <Confirm
        open={asking === "rebuild"}
        onOpenChange={close}
        title={t("rebuildAsk", { name: instance.name })}
        description={t("rebuildAskText")}
        action={actions("rebuild")}
        danger
        word={instance.name}
        onConfirm={() => rebuild.mutateAsync({ ...target, imageId })}
      >
        <Field label={actions("image")}>
          {(control) => (
            <Select {...control} className="w-full" value={imageId} onChange={(event) => setImageId(event.target.value)}>
              {images.data?.some((image) => image.id === instance.imageId) ? null : <option value={instance.imageId}>{instance.imageName}</option>}
              {images.data?.filter((image) => image.status === "available").map((image) => (
                <option key={image.id} value={image.id}>
                  {image.name}
                </option>
              ))}
            </Select>
          )}
        </Field>
        <PriceLine instance={instance} as="same" />
      </Confirm>
      <Confirm
        open={asking === "delete"}
        onOpenChange={close}
        title={t("deleteAsk", { name: instance.name })}
        description={t("deleteAskText")}
        action={actions("delete")}
        danger
        word={instance.name}
        onConfirm={() => remove.mutateAsync(target)}
      >
        <PriceLine instance={instance} as="trash" />
      </Confirm>
      <Confirm
        open={asking === "purge"}
        onOpenChange={close}
        title={t("purgeAsk", { name: instance.name })}
        description={t("purgeText")}
        action={t("purge")}
        danger
        word={instance.name}
        onConfirm={() => purge.mutateAsync(target)}
      />
    </div>
  );
}

function Line({ title, text, children }: { readonly title: string; readonly text: string; readonly children: ReactNode }) {
  return (
    <div className="flex flex-wrap items-center justify-between gap-3 px-4 py-3">
      <div className="grid min-w-0 flex-1 basis-64 gap-0.5">
        <p className="font-medium">{title}</p>
        <p className="text-xs text-muted">{text}</p>
      </div>
      {children}
    </div>
  );
}

function Rename({ instance }: { readonly instance: Instance }) {
  const t = useTranslations("instance");
  const common = useTranslations("common");
  const { slug: organization } = useOrganization();
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const problem = useProblemText();
  const [name, setName] = useState(instance.name);
  const rename = useMutation(
    trpc.instances.rename.mutationOptions({ onSuccess: () => toast.success(common("saved")), onSettled: () => queryClient.invalidateQueries(trpc.instances.pathFilter()) }),
  );
  return (
    <Card>
      <CardHead title={common("rename")} />
      <form
        className="grid gap-3 p-4"
        onSubmit={(event) => {
          event.preventDefault();
          rename.mutate({ organization, instanceId: instance.id, name });
        }}
      >
        <Field label={common("name")} hint={t("renameHint")}>
          {(control) => <Input {...control} value={name} onChange={(event) => setName(event.target.value)} maxLength={63} />}
        </Field>
        {rename.error ? <Notice kind="bad">{problem(rename.error)}</Notice> : null}
        <Button type="submit" className="justify-self-start" disabled={!name.trim() || name === instance.name} busy={rename.isPending}>
          {common("save")}
        </Button>
      </form>
    </Card>
  );
}
