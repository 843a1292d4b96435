"use client";

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Plus, Trash2, Waypoints } from "lucide-react";
import { useTranslations } from "next-intl";
import { useState } from "react";
import { Confirm } from "@/app/_components/confirm";
import { Loaded } from "@/app/_components/loaded";
import { PageHead } from "@/app/_components/page-head";
import { useOrganization } from "@/app/_components/shell/viewer";
import { TimeAgo } from "@/app/_components/time-ago";
import { Button } from "@/app/_components/ui/button";
import { Card } from "@/app/_components/ui/card";
import { EmptyState } from "@/app/_components/ui/empty-state";
import { Table, Td, Th, Tr } from "@/app/_components/ui/table";
import { useTRPC } from "@/app/_trpc/client";
import { AddNetworkDialog } from "./add-network-dialog";

export function NetworkList() {
  const t = useTranslations("networks");
  const nav = useTranslations("nav");
  const common = useTranslations("common");
  const { slug: organization, may } = useOrganization();
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const query = useQuery(trpc.networks.list.queryOptions({ organization }));
  const remove = useMutation(trpc.networks.remove.mutationOptions({ onSettled: () => queryClient.invalidateQueries(trpc.networks.pathFilter()) }));
  const [adding, setAdding] = useState(false);
  const [removing, setRemoving] = useState<{ readonly id: string; readonly name: string } | null>(null);
  const add = may("admin") ? (
    <Button variant="primary" onClick={() => setAdding(true)}>
      <Plus aria-hidden />
      {t("add")}
    </Button>
  ) : null;
  return (
    <>
      <PageHead title={nav("networks")} description={t("description")} actions={add} />
      <Card>
        <Loaded query={query}>
          {(networks) =>
            networks.length === 0 ? (
              <EmptyState icon={Waypoints} title={t("empty")} action={add}>{t("emptyText")}</EmptyState>
            ) : (
              <Table label={nav("networks")}>
                <thead>
                  <tr>
                    <Th>{common("name")}</Th>
                    <Th>{t("cidr")}</Th>
                    <Th>{t("used")}</Th>
                    <Th className="hidden md:table-cell">{t("pools")}</Th>
                    <Th className="hidden md:table-cell">{t("cluster")}</Th>
                    <Th className="hidden sm:table-cell">{common("created")}</Th>
                    <Th><span className="sr-only">{common("actions")}</span></Th>
                  </tr>
                </thead>
                <tbody>
                  {networks.map((network) => (
                    <Tr key={network.id}>
                      <Td className="font-medium">{network.name}</Td>
                      <Td className="font-mono text-xs whitespace-nowrap">{network.cidr}</Td>
                      <Td className="whitespace-nowrap tabular-nums">{t("usedOf", { used: network.used, size: network.size })}</Td>
                      <Td className="hidden text-muted md:table-cell">{network.pools.join(", ")}</Td>
                      <Td className="hidden text-muted md:table-cell">{network.clusterName}</Td>
                      <Td className="hidden whitespace-nowrap text-muted sm:table-cell"><TimeAgo at={network.createdAt} /></Td>
                      <Td className="w-10 text-right">
                        {may("admin") ? (
                          <Button variant="ghost" size="iconSm" aria-label={`${common("remove")}: ${network.name}`} onClick={() => setRemoving(network)}>
                            <Trash2 aria-hidden />
                          </Button>
                        ) : null}
                      </Td>
                    </Tr>
                  ))}
                </tbody>
              </Table>
            )
          }
        </Loaded>
      </Card>
      <AddNetworkDialog open={adding} onOpenChange={setAdding} />
      <Confirm
        open={removing !== null}
        onOpenChange={(open) => setRemoving(open ? removing : null)}
        title={t("removeAsk", { name: removing?.name ?? "" })}
        description={t("removeText")}
        action={common("remove")}
        danger
        onConfirm={() => (removing ? remove.mutateAsync({ organization, networkId: removing.id }) : Promise.resolve())}
      />
    </>
  );
}
