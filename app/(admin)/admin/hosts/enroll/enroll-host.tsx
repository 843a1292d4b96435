"use client";

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useTranslations } from "next-intl";
import Link from "next/link";
import { useRouter } from "next/navigation";
import { useState } from "react";
import { enrolHostInput } from "@/server/fleet/schema";
import { Loaded } from "@/app/_components/loaded";
import { PageHead } from "@/app/_components/page-head";
import { Button } from "@/app/_components/ui/button";
import { Card } from "@/app/_components/ui/card";
import { CheckboxLine, Field, Input, Select } from "@/app/_components/ui/field";
import { Notice } from "@/app/_components/ui/notice";
import { useTRPC } from "@/app/_trpc/client";
import { useProblemText } from "@/app/_trpc/use-problem-text";
import { deviceInput, EMPTY_DEVICE, EMPTY_SECOND, PowerDeviceFields, SecondPowerFields } from "./power-device";

export function EnrollHost() {
  const t = useTranslations("admin.enroll");
  const nav = useTranslations("nav");
  const create = useTranslations("admin.newCluster");
  const trpc = useTRPC();
  const clusters = useQuery(trpc.admin.clusters.list.queryOptions());
  return (
    <>
      <PageHead title={t("title")} description={t("description")} parent={{ href: "/admin/hosts", label: nav("hosts") }} />
      <Loaded query={clusters}>{({ items }) => (items.length === 0 ? <Notice kind="warn" action={<Button size="sm" asChild><Link href="/admin/clusters/create">{create("title")}</Link></Button>}>{t("noCluster")}</Notice> : <EnrollForm clusters={items} />)}</Loaded>
    </>
  );
}

function EnrollForm({ clusters }: { readonly clusters: readonly { readonly id: string; readonly name: string }[] }) {
  const t = useTranslations("admin.enroll");
  const second = useTranslations("admin.secondPower");
  const common = useTranslations("common");
  const trpc = useTRPC();
  const router = useRouter();
  const queryClient = useQueryClient();
  const problem = useProblemText();
  const [host, setHost] = useState({ clusterId: clusters[0]?.id ?? "", name: "", uri: "", managementAddress: "", failureDomain: "", systemMemoryMiB: "0" });
  const [power, setPower] = useState(EMPTY_DEVICE);
  const [hasSecond, setHasSecond] = useState(false);
  const [secondPower, setSecondPower] = useState(EMPTY_SECOND);
  const onSuccess = async ({ hostId }: { hostId: string }): Promise<void> => {
    await queryClient.invalidateQueries(trpc.admin.hosts.pathFilter());
    router.push(`/admin/hosts/${hostId}`);
  };
  const enroll = useMutation(trpc.admin.hosts.enroll.mutationOptions({ onSuccess }));
  const preflight = useMutation(trpc.admin.hosts.preflight.mutationOptions({ onSuccess }));
  const parsed = enrolHostInput.safeParse({
    ...host,
    systemMemoryMiB: Number(host.systemMemoryMiB),
    power: deviceInput(power),
    secondPower: hasSecond ? { role: secondPower.role, device: deviceInput(secondPower.device) } : null,
  });
  const busy = enroll.isPending || preflight.isPending;
  const error = enroll.error ?? preflight.error;
  const text = (name: Exclude<keyof typeof host, "clusterId">, placeholder?: string) => (
    <Field label={t(`fields.${name}`)} hint={t(`hints.${name}`)}>
      {(control) => <Input {...control} value={host[name]} placeholder={placeholder} spellCheck={false} autoComplete="off" onChange={(event) => setHost({ ...host, [name]: event.target.value })} />}
    </Field>
  );
  return (
    <Card className="max-w-3xl">
      <form
        className="grid gap-4 p-4 sm:grid-cols-2"
        onSubmit={(event) => {
          event.preventDefault();
          if (parsed.success) enroll.mutate(parsed.data);
        }}
      >
        <Field label={t("cluster")} className="sm:col-span-2">
          {(control) => (
            <Select {...control} className="w-full" value={host.clusterId} onChange={(event) => setHost({ ...host, clusterId: event.target.value })}>
              {clusters.map((cluster) => <option key={cluster.id} value={cluster.id}>{cluster.name}</option>)}
            </Select>
          )}
        </Field>
        {text("name", "tokyo-1-h4")}
        {text("uri", "tls://host.example:16514")}
        {text("managementAddress", "10.0.1.14")}
        {text("failureDomain", "rack-2")}
        {text("systemMemoryMiB")}
        <PowerDeviceFields label={t("power")} hint={t("powerHint")} draft={power} onChange={setPower} />
        <CheckboxLine className="sm:col-span-2" label={second("hasSecond")} hint={second("text")} checked={hasSecond} onChange={(event) => setHasSecond(event.target.checked)} />
        {hasSecond ? <SecondPowerFields draft={secondPower} onChange={setSecondPower} /> : null}
        <div className="grid gap-3 sm:col-span-2">
          {error ? <Notice kind="bad">{problem(error)}</Notice> : null}
          <p className="text-xs text-muted">{t("preflightText")}</p>
          <div className="flex flex-wrap gap-2">
            <Button type="submit" variant="primary" disabled={!parsed.success} busy={busy}>{t("enroll")}</Button>
            <Button disabled={!parsed.success} busy={busy} onClick={() => parsed.success && preflight.mutate(parsed.data)}>{t("preflight")}</Button>
            <Button variant="ghost" onClick={() => router.push("/admin/hosts")}>{common("cancel")}</Button>
          </div>
        </div>
      </form>
    </Card>
  );
}
