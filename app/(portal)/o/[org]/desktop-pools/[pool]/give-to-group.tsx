"use client";

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useTranslations } from "next-intl";
import Link from "next/link";
import { useState } from "react";
import { toast } from "sonner";
import { useOrganization } from "@/app/_components/shell/viewer";
import { Button } from "@/app/_components/ui/button";
import { Field, Select } from "@/app/_components/ui/field";
import { useTRPC } from "@/app/_trpc/client";
import { useProblemToast } from "@/app/_trpc/use-problem-text";

/** Gives the pool to a group that does not have it yet. */
export function GiveToGroup({ poolId, given }: { readonly poolId: string; readonly given: readonly string[] }) {
  const t = useTranslations("desktopPools.assign");
  const { slug: organization } = useOrganization();
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const [chosen, setChosen] = useState("");
  const query = useQuery(trpc.desktopGroups.list.queryOptions({ organization }));
  const assign = useMutation(
    trpc.desktopPools.assign.mutationOptions({
      onError: useProblemToast(),
      onSuccess: ({ added }) => void toast.success(t("added", { count: added })),
      onSettled: () => Promise.all([queryClient.invalidateQueries(trpc.desktopPools.pathFilter()), queryClient.invalidateQueries(trpc.desktopGroups.pathFilter())]),
    }),
  );
  const free = (query.data?.items ?? []).filter(({ id }) => !given.includes(id));
  const groupId = free.find(({ id }) => id === chosen)?.id ?? free[0]?.id;
  const manage = <Link href={`/o/${organization}/desktop-pools/groups`} className="text-accent underline underline-offset-2">{t("manageGroups")}</Link>;
  return (
    <div className="mt-4 grid gap-3 border-t pt-4">
      {groupId === undefined ? (
        <p className="text-xs text-muted">{t("noGroups")} {manage}</p>
      ) : (
        <>
          <Field label={t("group")} hint={manage}>
            {(control) => (
              <Select {...control} className="w-full" value={groupId} onChange={(event) => setChosen(event.target.value)}>
                {free.map(({ id, name }) => <option key={id} value={id}>{name}</option>)}
              </Select>
            )}
          </Field>
          <Button busy={assign.isPending} onClick={() => assign.mutate({ organization, poolId, groupIds: [groupId] })}>{t("addGroup")}</Button>
        </>
      )}
    </div>
  );
}
