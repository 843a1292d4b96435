"use client";

import { zodResolver } from "@hookform/resolvers/zod";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useTranslations } from "next-intl";
import { useRouter } from "next/navigation";
import { useState } from "react";
import { useForm, useWatch } from "react-hook-form";
import { createInstanceInput } from "@/server/compute/instance/schema";
import { NetworkChoice } from "@/app/_components/network-choice";
import { PageHead } from "@/app/_components/page-head";
import { useOrganization } from "@/app/_components/shell/viewer";
import { Card, CardBody, CardHead } from "@/app/_components/ui/card";
import { Field, Input, Textarea } from "@/app/_components/ui/field";
import { Notice } from "@/app/_components/ui/notice";
import { useTRPC } from "@/app/_trpc/client";
import { FlavorChoice } from "./flavor-choice";
import { ImageChoice } from "./image-choice";
import { KeyChoice } from "./key-choice";
import { OrderSummary } from "./order-summary";
import type { OrderForm } from "./types";

/** What a person fills in; the front door checks it once more with the same schema. */
const schema = createInstanceInput.pick({ name: true, flavorId: true, imageId: true, sshKeyIds: true, userData: true }).required();

export function CreateInstance() {
  const t = useTranslations("create");
  const nav = useTranslations("nav");
  const common = useTranslations("common");
  const { slug: organization, may } = useOrganization();
  const trpc = useTRPC();
  const router = useRouter();
  const queryClient = useQueryClient();
  // The same key for every press of the button: an answer that got lost does not order a second machine.
  const [idempotencyKey] = useState(() => crypto.randomUUID());
  const [networkId, setNetwork] = useState("");
  const form = useForm<OrderForm>({ resolver: zodResolver(schema), defaultValues: { name: "", flavorId: "", imageId: "", sshKeyIds: [], userData: "" } });
  const { errors } = form.formState;
  const values = useWatch({ control: form.control, compute: (order: OrderForm) => order });
  const flavors = useQuery(trpc.catalog.flavors.queryOptions({ organization }));
  const prices = useQuery(trpc.catalog.prices.queryOptions({ organization }));
  const quota = useQuery(trpc.quota.get.queryOptions({ organization }));
  const flavor = flavors.data?.find((candidate) => candidate.id === values.flavorId) ?? null;
  const create = useMutation(
    trpc.instances.create.mutationOptions({
      onSuccess: async (instance) => {
        await queryClient.invalidateQueries(trpc.instances.pathFilter());
        router.push(`/o/${organization}/instances/${instance.id}`);
      },
    }),
  );
  const submit = form.handleSubmit((order) => create.mutate({ ...order, organization, idempotencyKey, ...(networkId ? { networkId } : {}) }));
  const change = <Name extends keyof OrderForm>(name: Name, value: OrderForm[Name]): void => {
    create.reset();
    form.setValue(name as keyof OrderForm, value, { shouldValidate: form.formState.isSubmitted, shouldDirty: true });
  };

  return (
    <>
      <PageHead title={t("title")} description={t("description")} parent={{ href: `/o/${organization}/instances`, label: nav("instances") }} />
      {may("operator") ? null : <Notice kind="warn" className="mb-4">{t("notAllowed")}</Notice>}
      <form onSubmit={(event) => void submit(event)} noValidate className="grid items-start gap-4 lg:grid-cols-[minmax(0,1fr)_20rem]">
        <div className="grid gap-4">
          <Card>
            <CardHead title={t("size")} description={t("sizeText")} />
            <CardBody>
              <FlavorChoice query={flavors} value={values.flavorId} onChange={(id) => change("flavorId", id)} />
              {errors.flavorId ? <p role="alert" className="mt-2 text-xs text-bad">{t("errors.flavor")}</p> : null}
            </CardBody>
          </Card>
          <Card>
            <CardHead title={t("image")} />
            <CardBody>
              <ImageChoice value={values.imageId} memoryMiB={flavor?.memoryMiB ?? null} onChange={(id) => change("imageId", id)} />
              {errors.imageId ? <p role="alert" className="mt-2 text-xs text-bad">{t("errors.image")}</p> : null}
            </CardBody>
          </Card>
          <Card>
            <CardHead title={t("keys")} description={t("keysText")} />
            <CardBody>
              <KeyChoice value={values.sshKeyIds} onChange={(ids) => change("sshKeyIds", ids)} />
            </CardBody>
          </Card>
          <Card>
            <CardHead title={t("details")} />
            <CardBody className="grid gap-4">
              <Field label={common("name")} hint={t("nameHint")} error={errors.name ? t("errors.name") : undefined}>
                {(control) => <Input {...control} placeholder="web-1" autoComplete="off" spellCheck={false} {...form.register("name", { onChange: () => create.reset() })} />}
              </Field>
              <NetworkChoice
                value={networkId}
                onChange={(id) => {
                  create.reset();
                  setNetwork(id);
                }}
              />
              <Field label={t("userData")} optional={common("optional")} hint={t("userDataHint")} error={errors.userData ? t("errors.userData") : undefined}>
                {(control) => <Textarea {...control} rows={5} className="font-mono text-xs" placeholder={"#cloud-config\npackages: [nginx]"} spellCheck={false} {...form.register("userData")} />}
              </Field>
            </CardBody>
          </Card>
        </div>
        <OrderSummary order={values} flavor={flavor} prices={prices.data ?? null} quota={quota.data?.resources ?? null} busy={create.isPending || create.isSuccess} error={create.error} allowed={may("operator")} />
      </form>
    </>
  );
}
