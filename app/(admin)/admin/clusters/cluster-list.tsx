"use client";

import { useQuery } from "@tanstack/react-query";
import { Boxes, Plus } from "lucide-react";
import { useTranslations } from "next-intl";
import Link from "next/link";
import { Loaded } from "@/app/_components/loaded";
import { PageHead } from "@/app/_components/page-head";
import { useStaff } from "@/app/_components/shell/viewer";
import { Badge } from "@/app/_components/ui/badge";
import { Button } from "@/app/_components/ui/button";
import { Card, CardBody, CardHead } from "@/app/_components/ui/card";
import { EmptyState } from "@/app/_components/ui/empty-state";
import { useTRPC } from "@/app/_trpc/client";
import { ClusterWarnings } from "./cluster-warnings";
import { CapacityBars } from "./capacity-bars";

export function ClusterList() {
  const t = useTranslations("admin.clusters");
  const nav = useTranslations("nav");
  const units = useTranslations("units");
  const create = useTranslations("admin.newCluster");
  const staff = useStaff();
  const trpc = useTRPC();
  const query = useQuery(trpc.admin.clusters.list.queryOptions());
  return (
    <>
      <PageHead
        title={nav("clusters")}
        description={t("description")}
        actions={
          staff.may("admin") ? (
            <Button variant="primary" asChild>
              <Link href="/admin/clusters/create"><Plus aria-hidden />{create("title")}</Link>
            </Button>
          ) : null
        }
      />
      <Loaded query={query}>
        {({ items }) =>
          items.length === 0 ? (
            <Card><EmptyState icon={Boxes} title={t("empty")}>{t("emptyText")}</EmptyState></Card>
          ) : (
            <div className="grid gap-4">
              {items.map((cluster) => (
                <Card key={cluster.id}>
                  <CardHead
                    title={<Link href={`/admin/clusters/${cluster.id}`} className="hover:text-accent hover:underline">{cluster.name}</Link>}
                    description={`${cluster.hypervisor} · ${cluster.cpuModel} · ${units("instances", { count: cluster.instances })}`}
                    actions={<Badge tone={cluster.hostsUp === cluster.hostsTotal ? "good" : "warn"} dot>{t("hostsUp", { up: cluster.hostsUp, total: cluster.hostsTotal })}</Badge>}
                  />
                  <CardBody className="grid gap-4">
                    <CapacityBars capacity={cluster.capacity} />
                    <ClusterWarnings warnings={cluster.warnings} />
                  </CardBody>
                </Card>
              ))}
            </div>
          )
        }
      </Loaded>
    </>
  );
}
