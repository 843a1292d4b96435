"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useTranslations } from "next-intl";
import { useState } from "react";
import { MEMBER_ROLES, type MemberRole } from "@/server/tenancy/types";
import { useOrganization } from "@/app/_components/shell/viewer";
import { Button } from "@/app/_components/ui/button";
import { CodeBlock } from "@/app/_components/ui/copy-button";
import { Dialog } from "@/app/_components/ui/dialog";
import { Field, Input, Select } from "@/app/_components/ui/field";
import { Notice } from "@/app/_components/ui/notice";
import { useTRPC } from "@/app/_trpc/client";
import { useProblemText } from "@/app/_trpc/use-problem-text";

interface InviteProps {
  readonly open: boolean;
  readonly onOpenChange: (open: boolean) => void;
}

export function InviteDialog(props: InviteProps) {
  const t = useTranslations("members");
  return (
    <Dialog open={props.open} onOpenChange={props.onOpenChange} title={t("invite")} description={t("inviteText")}>
      <InviteForm {...props} />
    </Dialog>
  );
}

function InviteForm({ onOpenChange }: InviteProps) {
  const t = useTranslations("members");
  const common = useTranslations("common");
  const roles = useTranslations("roles");
  const { slug: organization, role: ownRole } = useOrganization();
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const problem = useProblemText();
  const [email, setEmail] = useState("");
  const [role, setRole] = useState<MemberRole>("operator");
  const invite = useMutation(trpc.members.invite.mutationOptions({ onSettled: () => queryClient.invalidateQueries(trpc.members.pathFilter()) }));
  if (invite.data) {
    return (
      <div className="grid gap-4 pb-1">
        <Notice kind="good" title={t("invited", { email: invite.data.invitation.email })}>{t(invite.data.mailed ? "invitedByMail" : "invitedText")}</Notice>
        <CodeBlock text={invite.data.acceptUrl} />
        <Button variant="primary" className="justify-self-end" onClick={() => onOpenChange(false)}>{common("close")}</Button>
      </div>
    );
  }
  return (
    <form
      className="grid gap-4 pb-1"
      onSubmit={(event) => {
        event.preventDefault();
        invite.mutate({ organization, email, role });
      }}
    >
      <Field label={t("email")}>{(control) => <Input {...control} type="email" required autoFocus value={email} onChange={(event) => setEmail(event.target.value)} />}</Field>
      <Field label={t("role")} hint={t(`roleText.${role}`)}>
        {(control) => (
          <Select {...control} value={role} onChange={(event) => setRole(MEMBER_ROLES.find((name) => name === event.target.value) ?? "viewer")}>
            {MEMBER_ROLES.filter((name) => name !== "owner" || ownRole === "owner").map((name) => (
              <option key={name} value={name}>{roles(name)}</option>
            ))}
          </Select>
        )}
      </Field>
      {invite.error ? <Notice kind="bad">{problem(invite.error)}</Notice> : null}
      <div className="flex justify-end gap-2">
        <Button onClick={() => onOpenChange(false)}>{common("cancel")}</Button>
        <Button type="submit" variant="primary" disabled={!email} busy={invite.isPending}>{t("invite")}</Button>
      </div>
    </form>
  );
}
