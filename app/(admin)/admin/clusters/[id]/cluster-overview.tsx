"use client";

import { useTranslations } from "next-intl";
import type { RouterOutputs } from "@/server/api/root";
import { TimeAgo } from "@/app/_components/time-ago";
import { Card, CardBody, CardHead } from "@/app/_components/ui/card";
import { Table, Td, Th, Tr } from "@/app/_components/ui/table";
import { useWords } from "@/app/_components/use-words";
import { useFormats } from "@/app/_i18n/use-formats";
import { HostTable } from "../../hosts/host-table";
import { CapacityBars } from "../capacity-bars";
import { HostHeat } from "./host-heat";

interface OverviewProps {
  readonly cluster: RouterOutputs["admin"]["clusters"]["get"];
  readonly power: RouterOutputs["admin"]["automation"]["powerTimeline"] | undefined;
}

/** Where the cluster stands now. */
export function ClusterOverview({ cluster, power }: OverviewProps) {
  const t = useTranslations("admin.clusters");
  const nav = useTranslations("nav");
  const formats = useFormats();
  const say = useWords();
  return (
    <>
      <HostHeat cluster={cluster} power={power} />
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
    </>
  );
}
