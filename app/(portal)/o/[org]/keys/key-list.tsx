"use client";

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { KeyRound, Plus, Trash2 } from "lucide-react";
import { useTranslations } from "next-intl";
import { useState } from "react";
import { AddKeyDialog } from "@/app/_components/add-key-dialog";
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

export function KeyList() {
  const t = useTranslations("keys");
  const nav = useTranslations("nav");
  const common = useTranslations("common");
  const { slug: organization, may } = useOrganization();
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const query = useQuery(trpc.sshKeys.list.queryOptions({ organization }));
  const remove = useMutation(trpc.sshKeys.remove.mutationOptions({ onSettled: () => queryClient.invalidateQueries(trpc.sshKeys.pathFilter()) }));
  const [adding, setAdding] = useState(false);
  const [removing, setRemoving] = useState<{ readonly id: string; readonly name: string } | null>(null);
  const add = may("operator") ? (
    <Button variant="primary" onClick={() => setAdding(true)}>
      <Plus aria-hidden />
      {t("add")}
    </Button>
  ) : null;
  return (
    <>
      <PageHead title={nav("keys")} description={t("description")} actions={add} />
      <Card>
        <Loaded query={query}>
          {(keys) =>
            keys.length === 0 ? (
              <EmptyState icon={KeyRound} title={t("empty")} action={add}>{t("emptyText")}</EmptyState>
            ) : (
              <Table label={nav("keys")}>
                <thead>
                  <tr>
                    <Th>{common("name")}</Th>
                    <Th>{t("fingerprint")}</Th>
                    <Th className="hidden sm:table-cell">{common("created")}</Th>
                    <Th><span className="sr-only">{common("actions")}</span></Th>
                  </tr>
                </thead>
                <tbody>
                  {keys.map((key) => (
                    <Tr key={key.id}>
                      <Td className="font-medium">{key.name}</Td>
                      <Td className="font-mono text-xs break-all">{key.fingerprint}</Td>
                      <Td className="hidden whitespace-nowrap text-muted sm:table-cell"><TimeAgo at={key.createdAt} /></Td>
                      <Td className="w-10 text-right">
                        {may("operator") ? (
                          <Button variant="ghost" size="iconSm" aria-label={`${common("remove")}: ${key.name}`} onClick={() => setRemoving(key)}>
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
      <AddKeyDialog open={adding} onOpenChange={setAdding} />
      <Confirm
        open={removing !== null}
        onOpenChange={(open) => setRemoving(open ? removing : null)}
        title={t("removeAsk", { name: removing?.name ?? "" })}
        description={t("removeText")}
        action={common("remove")}
        danger
        onConfirm={() => (removing ? remove.mutateAsync({ organization, sshKeyId: removing.id }) : Promise.resolve())}
      />
    </>
  );
}
