"use client";

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Plus, Tags } from "lucide-react";
import { useTranslations } from "next-intl";
import Link from "next/link";
import { useState } from "react";
import { Loaded } from "@/app/_components/loaded";
import { PageHead } from "@/app/_components/page-head";
import { useStaff } from "@/app/_components/shell/viewer";
import { Badge } from "@/app/_components/ui/badge";
import { Button } from "@/app/_components/ui/button";
import { Card, CardHead } from "@/app/_components/ui/card";
import { EmptyState } from "@/app/_components/ui/empty-state";
import { Table, Td, Th, Tr } from "@/app/_components/ui/table";
import { useFormats } from "@/app/_i18n/use-formats";
import { useTRPC } from "@/app/_trpc/client";
import { useProblemToast } from "@/app/_trpc/use-problem-text";
import { FlavorDialog } from "./flavor-dialog";
import { OfferedImages } from "./offered-images";

export function Catalog() {
  const t = useTranslations("admin.catalog");
  const nav = useTranslations("nav");
  const common = useTranslations("common");
  const flavorWords = useTranslations("flavor");
  const units = useTranslations("units");
  const formats = useFormats();
  const trpc = useTRPC();
  const staff = useStaff();
  const queryClient = useQueryClient();
  const [asking, setAsking] = useState(false);
  const flavors = useQuery(trpc.admin.catalog.flavors.queryOptions());
  const setOnSale = useMutation(trpc.admin.catalog.setOnSale.mutationOptions({ onError: useProblemToast(), onSettled: () => queryClient.invalidateQueries(trpc.admin.catalog.pathFilter()) }));
  const editable = staff.may("admin");
  return (
    <>
      <PageHead
        title={nav("catalog")}
        description={t("description")}
        actions={
          editable ? (
            <>
              <Button asChild><Link href="/admin/prices">{t("prices")}</Link></Button>
              <Button variant="primary" onClick={() => setAsking(true)}><Plus aria-hidden />{t("addFlavor")}</Button>
            </>
          ) : null
        }
      />
      <div className="grid gap-4">
        <Card>
          <CardHead title={t("flavors")} description={t("flavorsText")} />
          <Loaded query={flavors}>
            {(list) =>
              list.length === 0 ? (
                <EmptyState icon={Tags} title={t("noFlavors")}>{t("noFlavorsText")}</EmptyState>
              ) : (
                <Table label={t("flavors")}>
                  <thead><tr><Th>{common("name")}</Th><Th>{t("class")}</Th><Th>{t("size")}</Th><Th className="hidden md:table-cell" right>{t("guaranteed")}</Th><Th>{t("onSale")}</Th></tr></thead>
                  <tbody>
                    {list.map((flavor) => (
                      <Tr key={flavor.id}>
                        <Td><span className="font-medium">{flavor.name}</span><span className="block font-mono text-tiny text-muted">{flavor.id}</span></Td>
                        <Td><Badge>{flavorWords(`class.${flavor.class}`)}</Badge></Td>
                        <Td>{units("vcpus", { count: flavor.vcpus })} · {formats.mebibytes(flavor.memoryMiB)} · {formats.gibibytes(flavor.diskGiB)}</Td>
                        <Td className="hidden md:table-cell" right>{units("cores", { count: flavor.cpuReservationMillicores / 1000 })} · {formats.mebibytes(flavor.memoryReservationMiB)}</Td>
                        <Td>
                          <Button size="sm" variant={flavor.onSale ? "secondary" : "ghost"} disabled={!editable} busy={setOnSale.isPending && setOnSale.variables.flavorId === flavor.id} aria-pressed={flavor.onSale} onClick={() => setOnSale.mutate({ flavorId: flavor.id, onSale: !flavor.onSale })}>
                            {flavor.onSale ? t("isOnSale") : t("isWithdrawn")}
                          </Button>
                        </Td>
                      </Tr>
                    ))}
                  </tbody>
                </Table>
              )
            }
          </Loaded>
        </Card>
        <OfferedImages editable={editable} />
      </div>
      <FlavorDialog open={asking} onOpenChange={setAsking} />
    </>
  );
}
