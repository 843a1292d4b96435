"use client";

import { useQuery } from "@tanstack/react-query";
import { Coins, Disc3, MonitorCog, Plus, UsersRound } from "lucide-react";
import { useTranslations } from "next-intl";
import Link from "next/link";
import { Loaded } from "@/app/_components/loaded";
import { PageHead } from "@/app/_components/page-head";
import { useOrganization } from "@/app/_components/shell/viewer";
import { Badge } from "@/app/_components/ui/badge";
import { Button } from "@/app/_components/ui/button";
import { Card } from "@/app/_components/ui/card";
import { EmptyState } from "@/app/_components/ui/empty-state";
import { Table, Td, Th, Tr } from "@/app/_components/ui/table";
import { useTRPC } from "@/app/_trpc/client";
import { standing } from "./pool-figures";

export function PoolList() {
  const t = useTranslations("desktopPools");
  const nav = useTranslations("nav");
  const common = useTranslations("common");
  const { slug: organization, may } = useOrganization();
  const trpc = useTRPC();
  const query = useQuery(trpc.desktopPools.list.queryOptions({ organization }));
  const base = `/o/${organization}/desktop-pools`;
  const create = may("admin") ? (
    <Button asChild variant="primary">
      <Link href={`${base}/create`}>
        <Plus aria-hidden />
        {t("create")}
      </Link>
    </Button>
  ) : null;
  return (
    <>
      <PageHead
        title={nav("desktopPools")}
        description={t("description")}
        actions={
          <>
            {may("admin") ? (
              <Button asChild>
                <Link href={`${base}/costs`}>
                  <Coins aria-hidden />
                  {t("costs.short")}
                </Link>
              </Button>
            ) : null}
            <Button asChild>
              <Link href={`${base}/groups`}>
                <UsersRound aria-hidden />
                {t("groups.title")}
              </Link>
            </Button>
            <Button asChild>
              <Link href={`${base}/images`}>
                <Disc3 aria-hidden />
                {t("golden")}
              </Link>
            </Button>
            {create}
          </>
        }
      />
      <Card>
        <Loaded query={query}>
          {({ items }) =>
            items.length === 0 ? (
              <EmptyState icon={MonitorCog} title={t("empty")} action={create}>{t("emptyText")}</EmptyState>
            ) : (
              <Table label={nav("desktopPools")}>
                <thead>
                  <tr>
                    <Th>{common("name")}</Th>
                    <Th className="hidden md:table-cell">{t("image")}</Th>
                    <Th className="hidden lg:table-cell">{t("size")}</Th>
                    <Th right>{t("inUse")}</Th>
                    <Th right>{t("ready")}</Th>
                    <Th right className="hidden sm:table-cell">{t("asleep")}</Th>
                    <Th className="hidden lg:table-cell">{t("people")}</Th>
                    <Th>{common("status")}</Th>
                  </tr>
                </thead>
                <tbody>
                  {items.map((pool) => {
                    const figures = standing(pool);
                    return (
                      <Tr key={pool.id}>
                        <Td>
                          <Link href={`${base}/${pool.id}`} className="font-medium hover:underline">{pool.name}</Link>
                          <span className="block text-xs text-muted">{t(`kinds.${pool.kind}`)}</span>
                        </Td>
                        <Td className="hidden md:table-cell">
                          {pool.goldenImageName}
                          <span className="block text-xs text-muted">{t("version", { number: pool.versionNumber })}</span>
                        </Td>
                        <Td className="hidden lg:table-cell">{pool.flavorName}</Td>
                        <Td right>{figures.inUse}</Td>
                        <Td right>{figures.ready}</Td>
                        <Td right className="hidden sm:table-cell">{figures.asleep}</Td>
                        <Td className="hidden text-muted lg:table-cell">{t("peopleCount", { count: pool.assigned })}</Td>
                        <Td>
                          {pool.troubleCode ? <Badge tone="bad" dot title={pool.troubleText ?? undefined}>{t("failed")}</Badge> : pool.waiting > 0 ? <Badge tone="warn" dot="moving">{t("waiting", { count: pool.waiting })}</Badge> : <Badge tone="good" dot>{t("ofMaximum", { count: figures.all, maximum: pool.maximum })}</Badge>}
                        </Td>
                      </Tr>
                    );
                  })}
                </tbody>
              </Table>
            )
          }
        </Loaded>
      </Card>
    </>
  );
}
