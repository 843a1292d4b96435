"use client";

import { useTranslations } from "next-intl";
import Link from "next/link";
import { Badge } from "@/app/_components/ui/badge";
import { Card, CardHead } from "@/app/_components/ui/card";
import { Table, Td, Th, Tr } from "@/app/_components/ui/table";
import { useFormats } from "@/app/_i18n/use-formats";
import type { Overview } from "./types";

/** Pools of all organizations, those with trouble first, then those whose people waited longest. */
export function PoolHealth({ pools }: { readonly pools: Overview["pools"] }) {
  const t = useTranslations("admin.desktops");
  const words = useTranslations("desktopPools");
  const common = useTranslations("common");
  const formats = useFormats();
  const show = (value: number | null): string => (value === null ? "–" : formats.duration(value));
  return (
    <Card>
      <CardHead title={t("pools")} />
      {pools.length === 0 ? (
        <p className="p-4 text-muted">{t("noPools")}</p>
      ) : (
        <Table label={t("pools")}>
          <thead>
            <tr>
              <Th>{common("name")}</Th>
              <Th className="hidden sm:table-cell">{t("organization")}</Th>
              <Th right>{words("inUse")}</Th>
              <Th right className="hidden md:table-cell">{words("ready")}</Th>
              <Th right className="hidden md:table-cell">{words("asleep")}</Th>
              <Th right className="hidden lg:table-cell">{t("wait50")}</Th>
              <Th right>{t("wait95")}</Th>
              <Th>{common("status")}</Th>
            </tr>
          </thead>
          <tbody>
            {pools.map((pool) => {
              const { counts } = pool;
              return (
                <Tr key={pool.poolId}>
                  <Td className="font-medium">{pool.poolName}<span className="block text-xs font-normal text-muted sm:hidden">{pool.organizationName}</span></Td>
                  <Td className="hidden sm:table-cell"><Link href={`/admin/organizations/${pool.organizationId}`} className="hover:underline">{pool.organizationName}</Link></Td>
                  <Td right>{(counts["in-session"] ?? 0) + (counts.disconnected ?? 0)}</Td>
                  <Td right className="hidden md:table-cell">{counts.ready ?? 0}</Td>
                  <Td right className="hidden md:table-cell">{counts.suspended ?? 0}</Td>
                  <Td right className="hidden whitespace-nowrap lg:table-cell">{show(pool.waitMs.p50)}</Td>
                  <Td right className="whitespace-nowrap">{show(pool.waitMs.p95)}</Td>
                  <Td>
                    {pool.troubleCode ? <Badge tone="bad" dot title={pool.troubleText ?? undefined}>{words("failed")}</Badge> : pool.queued > 0 ? <Badge tone="warn" dot="moving">{words("waiting", { count: pool.queued })}</Badge> : <Badge tone="good" dot>{words("ofMaximum", { count: Object.values(counts).reduce((sum, n) => sum + n, 0), maximum: pool.maximum })}</Badge>}
                  </Td>
                </Tr>
              );
            })}
          </tbody>
        </Table>
      )}
    </Card>
  );
}
