"use client";

import { useTranslations } from "next-intl";
import Link from "next/link";
import { TimeAgo } from "@/app/_components/time-ago";
import { MeterBar } from "@/app/_components/ui/meter-bar";
import { Table, Td, Th, Tr } from "@/app/_components/ui/table";
import { useFormats } from "@/app/_i18n/use-formats";
import { HostState, type HostSummary } from "./host-state";

export function HostTable({ hosts }: { readonly hosts: readonly HostSummary[] }) {
  const t = useTranslations("admin.hosts");
  const nav = useTranslations("nav");
  const common = useTranslations("common");
  const formats = useFormats();
  return (
    <Table label={nav("hosts")}>
      <thead>
        <tr>
          <Th>{common("name")}</Th>
          <Th>{t("state")}</Th>
          <Th right className="hidden sm:table-cell">{t("instances")}</Th>
          <Th className="hidden w-44 md:table-cell">{t("cpu")}</Th>
          <Th className="hidden w-52 md:table-cell">{t("memory")}</Th>
          <Th className="hidden lg:table-cell">{t("lastSeen")}</Th>
        </tr>
      </thead>
      <tbody>
        {hosts.map((host) => {
          const { vcpus, memoryMiB } = host.capacity;
          return (
            <Tr key={host.id}>
              <Td><Link href={`/admin/hosts/${host.id}`} className="font-medium hover:text-accent hover:underline">{host.name}</Link></Td>
              <Td><HostState host={host} /></Td>
              <Td right className="hidden sm:table-cell">{formats.number(host.instances)}</Td>
              <Td className="hidden text-xs md:table-cell"><MeterBar label={null} value={`${formats.number(vcpus.committed)} / ${formats.number(vcpus.sellable)}`} used={vcpus.committed} limit={vcpus.sellable} /></Td>
              <Td className="hidden text-xs md:table-cell"><MeterBar label={null} value={`${formats.mebibytes(memoryMiB.committed)} / ${formats.mebibytes(memoryMiB.sellable)}`} used={memoryMiB.committed} limit={memoryMiB.sellable} /></Td>
              <Td className="hidden whitespace-nowrap text-muted lg:table-cell">{host.lastSeenAt ? <TimeAgo at={host.lastSeenAt} /> : t("never")}</Td>
            </Tr>
          );
        })}
      </tbody>
    </Table>
  );
}
