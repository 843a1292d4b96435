"use client";

import { useQuery } from "@tanstack/react-query";
import { useTranslations } from "next-intl";
import { Loaded } from "@/app/_components/loaded";
import { PageHead } from "@/app/_components/page-head";
import { useStaff } from "@/app/_components/shell/viewer";
import { TimeAgo } from "@/app/_components/time-ago";
import { Card, CardBody, CardHead } from "@/app/_components/ui/card";
import { Table, Td, Th, Tr } from "@/app/_components/ui/table";
import { useWords } from "@/app/_components/use-words";
import { useFormats } from "@/app/_i18n/use-formats";
import { useTRPC } from "@/app/_trpc/client";
import { HostTable } from "../../hosts/host-table";
import { CapacityBars } from "../capacity-bars";
import { ClusterWarnings } from "../cluster-warnings";
import { AdviceList } from "./advice-list";
import { HostHeat } from "./host-heat";
import { IncidentList } from "./incident-list";
import { PolicyForm } from "./policy-form";
import { PowerTimeline } from "./power-timeline";

const POWER_DAYS = 7;

export function ClusterDetail({ clusterId }: { readonly clusterId: string }) {
  const t = useTranslations("admin.clusters");
  const nav = useTranslations("nav");
  const formats = useFormats();
  const trpc = useTRPC();
  const staff = useStaff();
  const say = useWords();
  const power = useQuery(trpc.admin.automation.powerTimeline.queryOptions({ clusterId, days: POWER_DAYS }));
  const query = useQuery(trpc.admin.clusters.get.queryOptions({ clusterId }));
  return (
    <Loaded query={query}>
      {(cluster) => (
        <>
          <PageHead title={cluster.name} parent={{ href: "/admin/clusters", label: nav("clusters") }} description={`${cluster.hypervisor} · ${cluster.cpuModel}`} />
          <div className="grid gap-4">
            <ClusterWarnings warnings={cluster.warnings} />
            <HostHeat hosts={cluster.hosts} power={power.data} />
            <Card>
              <CardHead title={t("capacity")} description={t("capacityText")} />
              <CardBody><CapacityBars capacity={cluster.capacity} /></CardBody>
            </Card>
            {cluster.waiting.length > 0 ? (
              <Card>
                <CardHead title={t("waiting")} description={t("waitingText")} />
                <ul className="divide-y">
                  {cluster.waiting.map((one) => (
                    <li key={one.instanceId} className="grid gap-0.5 px-4 py-2.5">
                      <span className="flex flex-wrap justify-between gap-2"><span className="font-medium">{one.name}</span><span className="text-xs text-muted"><TimeAgo at={one.since} /></span></span>
                      <span className="text-muted">{one.text === null ? t("waitingSoon") : say(one.words, one.text)}</span>
                    </li>
                  ))}
                </ul>
              </Card>
            ) : null}
            <Card>
              <CardHead title={nav("hosts")} />
              <HostTable hosts={cluster.hosts} />
            </Card>
            <Card>
              <CardHead title={t("pools")} />
              <Table label={t("pools")}>
                <thead><tr><Th>{t("pool")}</Th><Th right>{t("poolSize")}</Th><Th right>{t("poolFree")}</Th><Th className="hidden sm:table-cell">{t("observed")}</Th></tr></thead>
                <tbody>
                  {cluster.pools.map((pool) => (
                    <Tr key={pool.id}>
                      <Td><span className="font-medium">{pool.name}</span><span className="block font-mono text-xs text-muted">{pool.path}</span></Td>
                      <Td right>{formats.mebibytes(pool.capacityMiB)}</Td>
                      <Td right>{formats.mebibytes(pool.availableMiB)} ({formats.percent(pool.capacityMiB > 0 ? pool.availableMiB / pool.capacityMiB : 1)})</Td>
                      <Td className="hidden text-muted sm:table-cell"><TimeAgo at={pool.observedAt} /></Td>
                    </Tr>
                  ))}
                </tbody>
              </Table>
            </Card>
            {power.data ? <PowerTimeline power={power.data} /> : null}
            <AdviceList clusterId={cluster.id} editable={staff.may("admin")} />
            <IncidentList clusterId={cluster.id} />
            <PolicyForm clusterId={cluster.id} policy={cluster.policy} editable={staff.may("admin")} />
          </div>
        </>
      )}
    </Loaded>
  );
}
