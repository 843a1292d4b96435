"use client";

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { UserMinus, Users, UsersRound } from "lucide-react";
import { useTranslations } from "next-intl";
import { useState } from "react";
import { toast } from "sonner";
import { Confirm } from "@/app/_components/confirm";
import { Loaded } from "@/app/_components/loaded";
import { useOrganization } from "@/app/_components/shell/viewer";
import { Badge } from "@/app/_components/ui/badge";
import { Button } from "@/app/_components/ui/button";
import { Card, CardBody, CardHead } from "@/app/_components/ui/card";
import { EmptyState } from "@/app/_components/ui/empty-state";
import { useTRPC } from "@/app/_trpc/client";
import { ImportPeopleDialog } from "../import-people-dialog";
import { PeopleForm } from "../people-form";
import { GiveToGroup } from "./give-to-group";

/** Who has a right to the pool, and the way to give it to more. */
export function PeopleTab({ poolId, poolName }: { readonly poolId: string; readonly poolName: string }) {
  const t = useTranslations("desktopPools.assign");
  const groups = useTranslations("desktopPools.groups");
  const { slug: organization, may } = useOrganization();
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const [importing, setImporting] = useState(false);
  const [removing, setRemoving] = useState<{ readonly id: string; readonly name: string } | null>(null);
  const query = useQuery(trpc.desktopPools.assignments.queryOptions({ organization, poolId }));
  const onSettled = (): Promise<void> => queryClient.invalidateQueries(trpc.desktopPools.pathFilter());
  const assign = useMutation(trpc.desktopPools.assign.mutationOptions({ onSettled, onSuccess: ({ added }) => void toast.success(t("added", { count: added })) }));
  const remove = useMutation(trpc.desktopPools.unassign.mutationOptions({ onSettled }));
  const items = query.data?.items ?? [];
  return (
    <div className="grid items-start gap-4 lg:grid-cols-[minmax(0,1fr)_22rem]">
      <Card>
        <Loaded query={query}>
          {() =>
            items.length === 0 ? (
              <EmptyState icon={Users} title={t("none")}>{t("noneText")}</EmptyState>
            ) : (
              <ul className="divide-y">
                {items.map((one) => {
                  const name = one.email ?? one.groupName ?? t("everybody");
                  return (
                    <li key={one.id} className="flex items-center justify-between gap-3 px-4 py-2.5">
                      <span className="grid min-w-0">
                        <span className="flex items-center gap-2 font-medium">
                          {one.groupId ? <UsersRound aria-hidden className="size-4 shrink-0 text-muted" /> : null}
                          <span className="truncate">{one.name && one.userId ? one.name : name}</span>
                        </span>
                        {one.name && one.userId ? <span className="truncate text-xs text-muted">{name}</span> : null}
                        {one.groupId ? <span className="truncate text-xs text-muted">{groups("people", { count: one.groupPeople })}</span> : null}
                      </span>
                      <span className="flex items-center gap-2">
                        {one.groupId ? <Badge>{t("group")}</Badge> : one.email === null ? null : one.userId ? <Badge tone="good">{t("member")}</Badge> : <Badge>{t("pending")}</Badge>}
                        {may("admin") ? (
                          <Button variant="ghost" size="iconSm" aria-label={`${t("remove")}: ${name}`} onClick={() => setRemoving({ id: one.id, name })}>
                            <UserMinus aria-hidden />
                          </Button>
                        ) : null}
                      </span>
                    </li>
                  );
                })}
              </ul>
            )
          }
        </Loaded>
      </Card>
      {may("admin") ? (
        <Card>
          <CardHead title={t("add")} />
          <CardBody>
            <PeopleForm hint={t("addHint")} busy={assign.isPending} error={assign.error} onAdd={(emails) => assign.mutateAsync({ organization, poolId, emails })} onImport={() => setImporting(true)}>
              {items.some((one) => one.email === null && one.groupId === null) ? null : (
                <Button disabled={assign.isPending} onClick={() => assign.mutate({ organization, poolId, everybody: true })}>
                  <Users aria-hidden />
                  {t("addEverybody")}
                </Button>
              )}
            </PeopleForm>
            <GiveToGroup poolId={poolId} given={items.flatMap((one) => (one.groupId === null ? [] : [one.groupId]))} />
          </CardBody>
        </Card>
      ) : null}
      <ImportPeopleDialog open={importing} onOpenChange={setImporting} into={{ poolId }} name={poolName} />
      <Confirm
        open={removing !== null}
        onOpenChange={(open) => setRemoving(open ? removing : null)}
        title={t("removeAsk", { name: removing?.name ?? "" })}
        description={t("removeText")}
        action={t("remove")}
        danger
        onConfirm={() => (removing ? remove.mutateAsync({ organization, assignmentId: removing.id }) : Promise.resolve())}
      />
    </div>
  );
}
