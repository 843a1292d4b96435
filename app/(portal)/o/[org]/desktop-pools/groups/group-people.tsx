"use client";

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Trash2, UserMinus, Users } from "lucide-react";
import { useTranslations } from "next-intl";
import { useState } from "react";
import { toast } from "sonner";
import type { RouterOutputs } from "@/server/api/root";
import { Confirm } from "@/app/_components/confirm";
import { Loaded } from "@/app/_components/loaded";
import { useOrganization } from "@/app/_components/shell/viewer";
import { Badge } from "@/app/_components/ui/badge";
import { Button } from "@/app/_components/ui/button";
import { Card, CardBody, CardHead } from "@/app/_components/ui/card";
import { EmptyState } from "@/app/_components/ui/empty-state";
import { useTRPC } from "@/app/_trpc/client";
import { useProblemToast } from "@/app/_trpc/use-problem-text";
import { ImportPeopleDialog } from "../import-people-dialog";
import { PeopleForm } from "../people-form";

type Group = RouterOutputs["desktopGroups"]["list"]["items"][number];

/** Who is in a group, and the ways into it and out of it. */
export function GroupPeople({ group }: { readonly group: Group }) {
  const t = useTranslations("desktopPools.groups");
  const assign = useTranslations("desktopPools.assign");
  const { slug: organization, may } = useOrganization();
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const [importing, setImporting] = useState(false);
  const [deleting, setDeleting] = useState(false);
  const query = useQuery(trpc.desktopGroups.members.queryOptions({ organization, groupId: group.id }));
  const onSettled = async (): Promise<void> => {
    await Promise.all([queryClient.invalidateQueries(trpc.desktopGroups.pathFilter()), queryClient.invalidateQueries(trpc.desktopPools.pathFilter())]);
  };
  const remove = useMutation(trpc.desktopGroups.removeMembers.mutationOptions({ onError: useProblemToast(), onSettled }));
  const drop = useMutation(trpc.desktopGroups.delete.mutationOptions({ onSettled }));
  return (
    <div className="grid items-start gap-4 xl:grid-cols-[minmax(0,1fr)_20rem]">
      <Card>
        <CardHead
          title={group.name}
          description={t("pools", { count: group.pools })}
          actions={
            may("admin") ? (
              <Button size="sm" onClick={() => setDeleting(true)}>
                <Trash2 aria-hidden />
                {t("delete")}
              </Button>
            ) : null
          }
        />
        <Loaded query={query}>
          {({ items }) =>
            items.length === 0 ? (
              <EmptyState icon={Users} title={t("nobody")}>{t("nobodyText")}</EmptyState>
            ) : (
              <ul className="divide-y">
                {items.map((one) => (
                  <li key={one.email} className="flex items-center justify-between gap-3 px-4 py-2.5">
                    <span className="grid min-w-0">
                      <span className="truncate font-medium">{one.userId && one.name ? one.name : one.email}</span>
                      {one.userId && one.name ? <span className="truncate text-xs text-muted">{one.email}</span> : null}
                    </span>
                    <span className="flex items-center gap-2">
                      {one.userId ? <Badge tone="good">{assign("member")}</Badge> : <Badge>{assign("pending")}</Badge>}
                      {may("admin") ? (
                        <Button variant="ghost" size="iconSm" aria-label={`${t("remove")}: ${one.email}`} busy={remove.isPending && remove.variables.emails.includes(one.email)} onClick={() => remove.mutate({ organization, groupId: group.id, emails: [one.email] })}>
                          <UserMinus aria-hidden />
                        </Button>
                      ) : null}
                    </span>
                  </li>
                ))}
              </ul>
            )
          }
        </Loaded>
      </Card>
      {may("admin") ? <AddCard groupId={group.id} onSettled={onSettled} onImport={() => setImporting(true)} /> : null}
      <ImportPeopleDialog open={importing} onOpenChange={setImporting} into={{ groupId: group.id }} name={group.name} />
      <Confirm
        open={deleting}
        onOpenChange={setDeleting}
        title={t("deleteAsk", { name: group.name })}
        description={t("deleteText", { pools: group.pools })}
        action={t("delete")}
        danger
        onConfirm={() => drop.mutateAsync({ organization, groupId: group.id })}
      />
    </div>
  );
}

function AddCard({ groupId, onSettled, onImport }: { readonly groupId: string; readonly onSettled: () => Promise<void>; readonly onImport: () => void }) {
  const t = useTranslations("desktopPools.groups");
  const assign = useTranslations("desktopPools.assign");
  const { slug: organization } = useOrganization();
  const trpc = useTRPC();
  const add = useMutation(trpc.desktopGroups.addMembers.mutationOptions({ onSettled, onSuccess: ({ added }) => void toast.success(t("added", { count: added })) }));
  return (
    <Card>
      <CardHead title={assign("add")} />
      <CardBody>
        <PeopleForm hint={t("addHint")} busy={add.isPending} error={add.error} onAdd={(emails) => add.mutateAsync({ organization, groupId, emails })} onImport={onImport} />
      </CardBody>
    </Card>
  );
}
