"use client";

import { keepPreviousData, useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import { UserMinus, UserPlus, Users } from "lucide-react";
import { useTranslations } from "next-intl";
import { useState } from "react";
import { MEMBER_ROLES, type MemberRole } from "@/server/tenancy/types";
import { Confirm } from "@/app/_components/confirm";
import { SearchBox } from "@/app/_components/list-controls";
import { Loaded } from "@/app/_components/loaded";
import { PageHead } from "@/app/_components/page-head";
import { useOrganization, useViewer } from "@/app/_components/shell/viewer";
import { TimeAgo } from "@/app/_components/time-ago";
import { Badge } from "@/app/_components/ui/badge";
import { Button } from "@/app/_components/ui/button";
import { Card } from "@/app/_components/ui/card";
import { EmptyState } from "@/app/_components/ui/empty-state";
import { Select } from "@/app/_components/ui/field";
import { Table, Td, Th, Tr } from "@/app/_components/ui/table";
import { useTRPC } from "@/app/_trpc/client";
import { useProblemToast } from "@/app/_trpc/use-problem-text";
import { Invitations } from "./invitations";
import { InviteDialog } from "./invite-dialog";
import { MemberConsoles } from "./member-consoles";

export function MemberList() {
  const t = useTranslations("members");
  const nav = useTranslations("nav");
  const common = useTranslations("common");
  const roles = useTranslations("roles");
  const { slug: organization, may, role: ownRole } = useOrganization();
  const { user } = useViewer();
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const onError = useProblemToast();
  const [search, setSearch] = useState("");
  const [inviting, setInviting] = useState(false);
  const [removing, setRemoving] = useState<{ readonly userId: string; readonly name: string } | null>(null);
  const query = useInfiniteQuery(
    trpc.members.list.infiniteQueryOptions({ organization, limit: 50, ...(search ? { search } : {}) }, { getNextPageParam: (page) => page.nextCursor ?? undefined, placeholderData: keepPreviousData }),
  );
  const onSettled = (): Promise<void> => queryClient.invalidateQueries(trpc.members.pathFilter());
  const changeRole = useMutation(trpc.members.changeRole.mutationOptions({ onError, onSettled }));
  const remove = useMutation(trpc.members.remove.mutationOptions({ onSettled }));
  const members = query.data?.pages.flatMap((page) => page.items) ?? [];
  // Only an owner touches owners.
  const mayManage = (role: MemberRole): boolean => may("admin") && (role !== "owner" || ownRole === "owner");
  return (
    <>
      <PageHead
        title={nav("members")}
        description={t("description")}
        actions={
          may("admin") ? (
            <Button variant="primary" onClick={() => setInviting(true)}>
              <UserPlus aria-hidden />
              {t("invite")}
            </Button>
          ) : null
        }
      />
      <div className="mb-3">
        <SearchBox label={t("search")} value={search} onChange={setSearch} />
      </div>
      <Card>
        <Loaded query={query}>
          {() =>
            members.length === 0 ? (
              <EmptyState icon={Users} title={t("noMatch")} />
            ) : (
              <Table label={nav("members")}>
                <thead>
                  <tr>
                    <Th>{common("name")}</Th>
                    <Th>{t("role")}</Th>
                    <Th className="hidden sm:table-cell">{t("joined")}</Th>
                    <Th><span className="sr-only">{common("actions")}</span></Th>
                  </tr>
                </thead>
                <tbody>
                  {members.map((member) => (
                    <Tr key={member.userId}>
                      <Td>
                        <span className="flex flex-wrap items-center gap-2 font-medium">
                          {member.name}
                          {member.userId === user.id ? <Badge>{t("you")}</Badge> : null}
                        </span>
                        <span className="block text-xs text-muted">{member.email}</span>
                      </Td>
                      <Td>
                        {mayManage(member.role) ? (
                          <Select
                            aria-label={`${t("role")}: ${member.name}`}
                            className="h-7 text-xs"
                            value={member.role}
                            disabled={changeRole.isPending}
                            onChange={(event) => {
                              const role = MEMBER_ROLES.find((name) => name === event.target.value);
                              if (role) changeRole.mutate({ organization, userId: member.userId, role });
                            }}
                          >
                            {MEMBER_ROLES.filter((role) => role === member.role || mayManage(role)).map((role) => (
                              <option key={role} value={role}>{roles(role)}</option>
                            ))}
                          </Select>
                        ) : (
                          roles(member.role)
                        )}
                      </Td>
                      <Td className="hidden text-muted sm:table-cell"><TimeAgo at={member.joinedAt} /></Td>
                      <Td className="w-10 text-right">
                        {mayManage(member.role) ? (
                          <Button variant="ghost" size="iconSm" aria-label={`${common("remove")}: ${member.name}`} onClick={() => setRemoving(member)}>
                            <UserMinus aria-hidden />
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
        {query.hasNextPage ? (
          <div className="border-t p-2 text-center">
            <Button variant="ghost" busy={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>{common("more")}</Button>
          </div>
        ) : null}
      </Card>
      {may("admin") ? <Invitations /> : null}
      {may("admin") ? <MemberConsoles /> : null}
      <RoleGuide />
      <InviteDialog open={inviting} onOpenChange={setInviting} />
      <Confirm
        open={removing !== null}
        onOpenChange={(open) => setRemoving(open ? removing : null)}
        title={t("removeAsk", { name: removing?.name ?? "" })}
        description={t("removeText")}
        action={common("remove")}
        danger
        onConfirm={() => (removing ? remove.mutateAsync({ organization, userId: removing.userId }) : Promise.resolve())}
      />
    </>
  );
}

/** What each role may do, so that nobody has to guess. */
function RoleGuide() {
  const t = useTranslations("members");
  const roles = useTranslations("roles");
  return (
    <details className="mt-4 text-muted">
      <summary className="w-fit text-xs hover:text-ink">{t("roleGuide")}</summary>
      <dl className="mt-2 grid gap-1 text-xs sm:grid-cols-[8rem_minmax(0,1fr)]">
        {MEMBER_ROLES.map((role) => (
          <div key={role} className="contents">
            <dt className="font-medium text-ink">{roles(role)}</dt>
            <dd>{t(`roleText.${role}`)}</dd>
          </div>
        ))}
      </dl>
    </details>
  );
}
