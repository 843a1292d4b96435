"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useTranslations } from "next-intl";
import { useState } from "react";
import { toast } from "sonner";
import { newPassword } from "@/server/tenancy/schema";
import { Button } from "@/app/_components/ui/button";
import { Card, CardHead } from "@/app/_components/ui/card";
import { Field, Input } from "@/app/_components/ui/field";
import { Notice } from "@/app/_components/ui/notice";
import { useTRPC } from "@/app/_trpc/client";
import { useProblemText } from "@/app/_trpc/use-problem-text";

export function PasswordCard() {
  const t = useTranslations("account");
  const auth = useTranslations("auth");
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const problem = useProblemText();
  const [current, setCurrent] = useState("");
  const [next, setNext] = useState("");
  const change = useMutation(
    trpc.account.changePassword.mutationOptions({
      onSuccess: () => {
        setCurrent("");
        setNext("");
        toast.success(t("passwordChanged"));
      },
      onSettled: () => queryClient.invalidateQueries(trpc.account.sessions.pathFilter()),
    }),
  );
  const good = newPassword.safeParse(next).success;
  return (
    <Card>
      <CardHead title={t("password")} description={t("passwordText")} />
      <form
        className="grid gap-4 p-4"
        onSubmit={(event) => {
          event.preventDefault();
          change.mutate({ currentPassword: current, newPassword: next });
        }}
      >
        <Field label={t("currentPassword")}>{(control) => <Input {...control} type="password" autoComplete="current-password" value={current} onChange={(event) => setCurrent(event.target.value)} />}</Field>
        <Field label={t("newPassword")} hint={auth("newPasswordHint")}>{(control) => <Input {...control} type="password" autoComplete="new-password" value={next} onChange={(event) => setNext(event.target.value)} />}</Field>
        {change.error ? <Notice kind="bad">{problem(change.error)}</Notice> : null}
        <Button type="submit" className="justify-self-start" disabled={!current || !good} busy={change.isPending}>{t("changePassword")}</Button>
      </form>
    </Card>
  );
}
