"use client";

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Plus, UsersRound } from "lucide-react";
import { useTranslations } from "next-intl";
import { parseAsString, useQueryState } from "nuqs";
import { useState } from "react";
import { Loaded } from "@/app/_components/loaded";
import { PageHead } from "@/app/_components/page-head";
import { useOrganization } from "@/app/_components/shell/viewer";
import { Button } from "@/app/_components/ui/button";
import { Card } from "@/app/_components/ui/card";
import { cn } from "@/app/_components/ui/cn";
import { Dialog } from "@/app/_components/ui/dialog";
import { EmptyState } from "@/app/_components/ui/empty-state";
import { Field, Input } from "@/app/_components/ui/field";
import { Notice } from "@/app/_components/ui/notice";
import { useTRPC } from "@/app/_trpc/client";
import { useProblemText } from "@/app/_trpc/use-problem-text";
import { GroupPeople } from "./group-people";

/** Groups on the left, who is in the chosen one on the right. */
export function Groups() {
  const t = useTranslations("desktopPools.groups");
  const nav = useTranslations("nav");
  const { slug: organization, may } = useOrganization();
  const trpc = useTRPC();
  const [chosen, setChosen] = useQueryState("group", parseAsString);
  const [making, setMaking] = useState(false);
  const query = useQuery(trpc.desktopGroups.list.queryOptions({ organization }));
  const create = may("admin") ? (
    <Button variant="primary" onClick={() => setMaking(true)}>
      <Plus aria-hidden />
      {t("create")}
    </Button>
  ) : null;
  return (
    <>
      <PageHead title={t("title")} description={t("description")} parent={{ href: `/o/${organization}/desktop-pools`, label: nav("desktopPools") }} actions={create} />
      <Loaded query={query}>
        {({ items }) => {
          const group = items.find(({ id }) => id === chosen) ?? items[0];
          if (!group) return <Card><EmptyState icon={UsersRound} title={t("empty")} action={create}>{t("emptyText")}</EmptyState></Card>;
          return (
            <div className="grid items-start gap-4 lg:grid-cols-[18rem_minmax(0,1fr)]">
              <Card>
                <ul className="divide-y">
                  {items.map((one) => (
                    <li key={one.id}>
                      <button
                        type="button"
                        aria-current={one.id === group.id}
                        className={cn("grid w-full gap-0.5 px-4 py-2.5 text-left focus-visible:-outline-offset-2", one.id === group.id ? "bg-raised" : "hover:bg-raised")}
                        onClick={() => void setChosen(one.id)}
                      >
                        <span className="truncate font-medium">{one.name}</span>
                        <span className="text-xs text-muted">{`${t("people", { count: one.people })} · ${t("pools", { count: one.pools })}`}</span>
                      </button>
                    </li>
                  ))}
                </ul>
              </Card>
              <GroupPeople key={group.id} group={group} />
            </div>
          );
        }}
      </Loaded>
      <Dialog open={making} onOpenChange={setMaking} title={t("create")} description={t("createText")}>
        <CreateForm
          onMade={(id) => {
            setMaking(false);
            void setChosen(id);
          }}
        />
      </Dialog>
    </>
  );
}

function CreateForm({ onMade }: { readonly onMade: (id: string) => void }) {
  const t = useTranslations("desktopPools.groups");
  const common = useTranslations("common");
  const { slug: organization } = useOrganization();
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const problem = useProblemText();
  const [name, setName] = useState("");
  const create = useMutation(
    trpc.desktopGroups.create.mutationOptions({
      onSuccess: async ({ id }) => {
        await queryClient.invalidateQueries(trpc.desktopGroups.pathFilter());
        onMade(id);
      },
    }),
  );
  return (
    <form
      className="grid gap-4 pb-1"
      onSubmit={(event) => {
        event.preventDefault();
        create.mutate({ organization, name });
      }}
    >
      <Field label={common("name")}>{(control) => <Input {...control} autoFocus required maxLength={60} value={name} onChange={(event) => setName(event.target.value)} />}</Field>
      {create.error ? <Notice kind="bad">{problem(create.error)}</Notice> : null}
      <Button type="submit" variant="primary" className="justify-self-end" disabled={name.trim() === ""} busy={create.isPending}>{t("create")}</Button>
    </form>
  );
}
