"use client";

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useTranslations } from "next-intl";
import { useOrganization } from "@/app/_components/shell/viewer";
import { Moment } from "@/app/_components/time-ago";
import { Button } from "@/app/_components/ui/button";
import { Card, CardHead } from "@/app/_components/ui/card";
import { useTRPC } from "@/app/_trpc/client";
import { useProblemToast } from "@/app/_trpc/use-problem-text";

export function Invitations() {
  const t = useTranslations("members");
  const roles = useTranslations("roles");
  const { slug: organization } = useOrganization();
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const query = useQuery(trpc.members.invitations.queryOptions({ organization }));
  const revoke = useMutation(trpc.members.revokeInvitation.mutationOptions({ onError: useProblemToast(), onSettled: () => queryClient.invalidateQueries(trpc.members.pathFilter()) }));
  const items = query.data?.items ?? [];
  if (items.length === 0) return null;
  return (
    <Card className="mt-4">
      <CardHead title={t("invitations")} description={t("invitationsText")} />
      <ul className="divide-y">
        {items.map((invitation) => (
          <li key={invitation.id} className="flex flex-wrap items-center justify-between gap-3 px-4 py-2.5">
            <span className="grid">
              <span className="font-medium">{invitation.email}</span>
              <span className="text-xs text-muted">
                {roles(invitation.role)} · {t("expires")} <Moment at={invitation.expiresAt} />
              </span>
            </span>
            <Button size="sm" busy={revoke.isPending && revoke.variables.invitationId === invitation.id} onClick={() => revoke.mutate({ organization, invitationId: invitation.id })}>
              {t("revoke")}
            </Button>
          </li>
        ))}
      </ul>
    </Card>
  );
}
