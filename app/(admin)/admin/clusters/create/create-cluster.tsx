"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useTranslations } from "next-intl";
import { useRouter } from "next/navigation";
import { useState } from "react";
import { toast } from "sonner";
import { foundClusterInput } from "@/server/fleet/cluster/schema";
import { PageHead } from "@/app/_components/page-head";
import { useStaff } from "@/app/_components/shell/viewer";
import { Button } from "@/app/_components/ui/button";
import { Card, CardBody, CardHead } from "@/app/_components/ui/card";
import { Field, Input, Select } from "@/app/_components/ui/field";
import { Notice } from "@/app/_components/ui/notice";
import { useTRPC } from "@/app/_trpc/client";
import { useProblemText } from "@/app/_trpc/use-problem-text";

const HYPERVISORS = ["libvirt", "simulated"] as const;
const EMPTY = { name: "", cpuModel: "", poolName: "", poolPath: "", networkName: "", cidr: "", gateway: "", firstAddress: "", lastAddress: "", dnsServers: "", bridge: "" };
type TextField = keyof typeof EMPTY;

const EXAMPLES: Readonly<Record<TextField, string>> = {
  name: "tokyo-1", cpuModel: "x86-64-v2", poolName: "berth", poolPath: "/srv/berth", networkName: "private", cidr: "10.60.0.0/20", gateway: "10.60.0.1", firstAddress: "10.60.0.10", lastAddress: "10.60.15.250", dnsServers: "10.60.0.1, 9.9.9.9", bridge: "br-berth",
};
/** Where a refused value of the input stands in the form. */
const FIELD_OF: Readonly<Record<string, TextField>> = {
  name: "name", cpuModel: "cpuModel", "pool.name": "poolName", "pool.path": "poolPath", "network.name": "networkName", "network.cidr": "cidr", "network.gateway": "gateway", "network.firstAddress": "firstAddress", "network.lastAddress": "lastAddress", "network.dnsServers": "dnsServers", "network.bridge": "bridge",
};

/** A cluster with what it cannot be without: a pool that its hosts share, and a network. Hosts are enrolled afterwards. */
export function CreateCluster() {
  const t = useTranslations("admin.newCluster");
  const nav = useTranslations("nav");
  const common = useTranslations("common");
  const trpc = useTRPC();
  const router = useRouter();
  const queryClient = useQueryClient();
  const problem = useProblemText();
  const staff = useStaff();
  const [text, setText] = useState(EMPTY);
  const [hypervisor, setHypervisor] = useState<(typeof HYPERVISORS)[number]>("libvirt");
  const [tried, setTried] = useState(false);
  const create = useMutation(
    trpc.admin.clusters.create.mutationOptions({
      onSuccess: async ({ clusterId }) => {
        toast.success(t("created", { name: text.name }));
        await queryClient.invalidateQueries(trpc.admin.clusters.pathFilter());
        router.push(`/admin/clusters/${clusterId}`);
      },
    }),
  );
  const parsed = foundClusterInput.safeParse({
    name: text.name,
    hypervisor,
    cpuModel: text.cpuModel.trim(),
    pool: { name: text.poolName, path: text.poolPath },
    network: {
      name: text.networkName, cidr: text.cidr.trim(), gateway: text.gateway.trim() || null, firstAddress: text.firstAddress.trim(), lastAddress: text.lastAddress.trim(), bridge: text.bridge.trim(),
      dnsServers: text.dnsServers.split(/[\s,]+/).filter(Boolean),
    },
  });
  const wrong = new Set<TextField>();
  if (tried && !parsed.success) {
    for (const { path } of parsed.error.issues) {
      const field = FIELD_OF[path.slice(0, path[0] === "pool" || path[0] === "network" ? 2 : 1).join(".")];
      if (field) wrong.add(field);
    }
  }
  const field = (name: TextField) => (
    <Field key={name} label={t(`fields.${name}`)} hint={t(`hints.${name}`)} error={wrong.has(name) ? t("wrong", { example: EXAMPLES[name] }) : undefined}>
      {(control) => <Input {...control} value={text[name]} placeholder={EXAMPLES[name]} spellCheck={false} autoComplete="off" onChange={(event) => setText({ ...text, [name]: event.target.value })} />}
    </Field>
  );
  return (
    <>
      <PageHead title={t("title")} description={t("description")} parent={{ href: "/admin/clusters", label: nav("clusters") }} />
      {staff.may("admin") ? (
        <form
          noValidate
          className="grid max-w-3xl gap-4"
          onSubmit={(event) => {
            event.preventDefault();
            setTried(true);
            if (parsed.success) create.mutate(parsed.data);
          }}
        >
          <Card>
            <CardHead title={t("cluster")} />
            <CardBody className="grid gap-4 sm:grid-cols-2">
              {field("name")}
              <Field label={t("hypervisor")} hint={t("hypervisorHint")}>
                {(control) => (
                  <Select {...control} className="w-full" value={hypervisor} onChange={(event) => setHypervisor(HYPERVISORS.find((one) => one === event.target.value) ?? "libvirt")}>
                    {HYPERVISORS.map((one) => <option key={one} value={one}>{t(`hypervisors.${one}`)}</option>)}
                  </Select>
                )}
              </Field>
              {field("cpuModel")}
            </CardBody>
          </Card>
          <Card>
            <CardHead title={t("pool")} description={t("poolText")} />
            <CardBody className="grid gap-4 sm:grid-cols-2">{field("poolName")}{field("poolPath")}</CardBody>
          </Card>
          <Card>
            <CardHead title={t("network")} description={t("networkText")} />
            <CardBody className="grid gap-4 sm:grid-cols-2">
              {field("networkName")}{field("bridge")}{field("cidr")}{field("gateway")}{field("firstAddress")}{field("lastAddress")}{field("dnsServers")}
            </CardBody>
          </Card>
          {create.error ? <Notice kind="bad">{problem(create.error)}</Notice> : null}
          <div className="flex flex-wrap gap-2">
            <Button type="submit" variant="primary" busy={create.isPending}>{t("action")}</Button>
            <Button variant="ghost" onClick={() => router.push("/admin/clusters")}>{common("cancel")}</Button>
          </div>
        </form>
      ) : (
        <Notice kind="warn">{t("needsAdmin")}</Notice>
      )}
    </>
  );
}
