"use client";

import { useQuery } from "@tanstack/react-query";
import { Server } from "lucide-react";
import { useTranslations } from "next-intl";
import Link from "next/link";
import type { RouterOutputs } from "@/server/api/root";
import { Loaded } from "@/app/_components/loaded";
import { useStaff } from "@/app/_components/shell/viewer";
import { PageHead } from "@/app/_components/page-head";
import { Moment, TimeAgo } from "@/app/_components/time-ago";
import { Badge } from "@/app/_components/ui/badge";
import { Card, CardBody, CardHead, Fact, Facts } from "@/app/_components/ui/card";
import { EmptyState } from "@/app/_components/ui/empty-state";
import { MeterBar } from "@/app/_components/ui/meter-bar";
import { Notice } from "@/app/_components/ui/notice";
import { Table, Td, Th, Tr } from "@/app/_components/ui/table";
import { useWords } from "@/app/_components/use-words";
import { useFormats } from "@/app/_i18n/use-formats";
import { useTRPC } from "@/app/_trpc/client";
import { HostState } from "../host-state";
import { HostActions } from "./host-actions";
import { HostHistory } from "./host-history";
import { HostSettings } from "./host-settings";
import { HostStory } from "./host-story";
import { SecondPower } from "./second-power";

type HostData = RouterOutputs["admin"]["hosts"]["get"];

export function HostDetail({ hostId }: { readonly hostId: string }) {
  const nav = useTranslations("nav");
  const trpc = useTRPC();
  const staff = useStaff();
  const query = useQuery(trpc.admin.hosts.get.queryOptions({ hostId }));
  return (
    <Loaded query={query}>
      {(data) => (
        <>
          <PageHead title={data.host.name} parent={{ href: "/admin/hosts", label: nav("hosts") }} badge={<HostState host={data.host} />} actions={<HostActions host={data.host} fencing={data.fencing} />} />
          <HostNotices data={data} />
          <div className="grid gap-4 lg:grid-cols-[minmax(0,3fr)_minmax(0,2fr)]">
            <Capacity data={data} />
            <HostFacts data={data} />
          </div>
          <div className="mt-4 grid gap-4">
            <Instances data={data} />
            <HostStory hostId={data.host.id} />
            <HostHistory data={data} />
            <SecondPower host={data.host} second={data.power.second} editable={staff.may("admin") && data.host.state !== "retired"} />
            <HostSettings key={`${data.host.keepAwake} ${data.host.drillable} ${data.host.linkMbps} ${JSON.stringify(data.host.powerCurve)}`} host={data.host} editable={staff.may("admin")} />
          </div>
        </>
      )}
    </Loaded>
  );
}

function HostNotices({ data: { host, fencing, power } }: { readonly data: HostData }) {
  const t = useTranslations("admin.hosts");
  const say = useWords();
  const blocked = fencing?.state === "blocked" && fencing.closedAt === null;
  return (
    <div className="mb-4 grid gap-2 empty:hidden">
      {host.stateReason && host.state !== "up" ? <Notice kind={host.state === "unreachable" || host.state === "fencing" ? "bad" : "warn"} title={t(`stateText.${host.state}`)}>{say(host.stateWords, host.stateReason)}</Notice> : null}
      {blocked ? <Notice kind="bad" title={t("blockedTitle")}>{fencing.lastError ? `${say(fencing.lastErrorWords, fencing.lastError)} ` : ""}{t("blockedText")}</Notice> : null}
      {host.health.length > 0 ? <Notice kind={host.health.some((one) => one.severe) ? "bad" : "warn"} title={t("sensors")}><ul className="list-disc pl-4">{host.health.map((one) => <li key={one.sensor}>{one.sensor}: {one.text}</li>)}</ul></Notice> : null}
      {power.canFence || (power.second?.canFence && power.second.role !== "both") ? null : <Notice kind="warn" title={t("noFencing")}>{t("noFencingText")}</Notice>}
    </div>
  );
}

function Capacity({ data: { host } }: { readonly data: HostData }) {
  const t = useTranslations("admin.hosts");
  const capacity = useTranslations("admin.capacity");
  const formats = useFormats();
  const { vcpus, memoryMiB } = host.capacity;
  return (
    <Card>
      <CardHead title={t("capacity")} />
      <CardBody className="grid gap-4">
        <MeterBar label={capacity("vcpus")} value={capacity("sold", { sold: formats.number(vcpus.committed), sellable: formats.number(vcpus.sellable) })} used={vcpus.committed} limit={Math.max(vcpus.sellable, vcpus.physical)} mark={vcpus.sellable > vcpus.physical ? { at: vcpus.physical, title: capacity("physical", { size: formats.number(vcpus.physical) }) } : undefined} note={capacity("note", { physical: formats.number(vcpus.physical), reserved: formats.number(vcpus.reservedMillicores / 1000) })} />
        <MeterBar label={capacity("memoryMiB")} value={capacity("sold", { sold: formats.mebibytes(memoryMiB.committed), sellable: formats.mebibytes(memoryMiB.sellable) })} used={memoryMiB.committed} limit={Math.max(memoryMiB.sellable, memoryMiB.physical)} note={capacity("note", { physical: formats.mebibytes(memoryMiB.physical), reserved: formats.mebibytes(memoryMiB.reserved) })} />
      </CardBody>
    </Card>
  );
}

function HostFacts({ data: { host, power } }: { readonly data: HostData }) {
  const t = useTranslations("admin.hosts");
  const formats = useFormats();
  return (
    <Card>
      <CardHead title={t("facts")} />
      <CardBody>
        <Facts>
          <Fact label={t("cluster")}><Link href={`/admin/clusters/${host.clusterId}`} className="hover:underline">{host.clusterName}</Link></Fact>
          <Fact label={t("power")}>{power.kind === "none" ? t("powerNone") : power.kind}</Fact>
          <Fact label={t("lastSeen")}>{host.lastSeenAt ? <TimeAgo at={host.lastSeenAt} /> : t("never")}</Fact>
          <Fact label={t("skew")}>{host.clockSkewMs === null ? "–" : formats.duration(Math.abs(host.clockSkewMs))}</Fact>
          <Fact label={t("version")}>{host.hypervisorVersion ?? "–"}</Fact>
          <Fact label={t("enrolledAt")}><Moment at={host.enrolledAt} /></Fact>
          <Fact label={t("uri")} mono>{host.uri}</Fact>
          <Fact label={t("domain")}>{host.failureDomain || "–"}</Fact>
        </Facts>
      </CardBody>
    </Card>
  );
}

function Instances({ data: { instances } }: { readonly data: HostData }) {
  const t = useTranslations("admin.hosts");
  const seen = useTranslations("admin.hosts.seen");
  const nav = useTranslations("nav");
  const formats = useFormats();
  return (
    <Card>
      <CardHead title={nav("instances")} />
      {instances.length === 0 ? (
        <EmptyState icon={Server} title={t("noInstances")} />
      ) : (
        <Table label={nav("instances")}>
          <thead><tr><Th>{t("instance")}</Th><Th>{t("observed")}</Th><Th right>vCPU</Th><Th right>{t("memory")}</Th><Th className="hidden sm:table-cell">{t("why")}</Th></tr></thead>
          <tbody>
            {instances.map((one) => (
              <Tr key={one.instanceId}>
                <Td><span className="font-medium">{one.name}</span><span className="block font-mono text-tiny text-muted">{one.organizationId}</span></Td>
                <Td><Badge tone={one.observedState === "running" ? "good" : "neutral"} dot>{one.observedState === null ? "–" : seen(one.observedState)}</Badge></Td>
                <Td right>{formats.number(one.vcpus)}</Td>
                <Td right>{formats.mebibytes(one.memoryMiB)}</Td>
                <Td className="hidden sm:table-cell"><Link href={`/admin/decisions/${one.decisionId}`} className="hover:underline">{t("decision")}</Link></Td>
              </Tr>
            ))}
          </tbody>
        </Table>
      )}
    </Card>
  );
}
