"use client";

import { useTranslations } from "next-intl";
import Link from "next/link";
import { Card, CardHead } from "@/app/_components/ui/card";
import { Table, Td, Th, Tr } from "@/app/_components/ui/table";
import { useFormats } from "@/app/_i18n/use-formats";
import type { Overview } from "./types";

const MIB_PER_GIB = 1_024;

/** How many desktops each host holds, by itself and by its cores and its memory. */
export function Density({ hosts }: { readonly hosts: Overview["hosts"] }) {
  const t = useTranslations("admin.desktops");
  const formats = useFormats();
  return (
    <Card>
      <CardHead title={t("density")} description={t("densityText")} />
      {hosts.length === 0 ? (
        <p className="p-4 text-muted">{t("noHosts")}</p>
      ) : (
        <Table label={t("density")}>
          <thead>
            <tr>
              <Th>{t("host")}</Th>
              <Th right>{t("desktops")}</Th>
              <Th right className="hidden sm:table-cell">{t("inSession")}</Th>
              <Th right>{t("perCore")}</Th>
              <Th right>{t("memory")}</Th>
            </tr>
          </thead>
          <tbody>
            {hosts.map((host) => (
              <Tr key={host.hostId}>
                <Td><Link href={`/admin/hosts/${host.hostId}`} className="font-medium hover:underline">{host.hostName}</Link><span className="block text-xs text-muted">{host.clusterName}</span></Td>
                <Td right>{formats.number(host.desktops)}</Td>
                <Td right className="hidden sm:table-cell">{formats.number(host.inSession)}</Td>
                <Td right>{formats.number(host.desktops / Math.max(1, host.cores), 2)}</Td>
                <Td right className="whitespace-nowrap">{t("memoryOf", { used: formats.number(host.desktopMemoryMiB / MIB_PER_GIB, 1), all: formats.number(host.memoryMiB / MIB_PER_GIB, 0) })}</Td>
              </Tr>
            ))}
          </tbody>
        </Table>
      )}
    </Card>
  );
}
