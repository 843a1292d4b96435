"use client";

import { useMutation } from "@tanstack/react-query";
import { signIn } from "next-auth/react";
import { useTranslations } from "next-intl";
import { useState } from "react";
import { newPassword } from "@/server/tenancy/schema";
import { Button } from "@/app/_components/ui/button";
import { Field, Input } from "@/app/_components/ui/field";
import { Notice } from "@/app/_components/ui/notice";
import { useTRPC } from "@/app/_trpc/client";
import { useProblemText } from "@/app/_trpc/use-problem-text";

interface AcceptProps {
  readonly token: string;
  readonly email: string;
  /** A new person chooses a name and a password; others prove the one they have. */
  readonly needsAccount: boolean;
  /** The invited person is signed in here already: nothing more to prove. */
  readonly signedIn: boolean;
}

export function AcceptForm({ token, email, needsAccount, signedIn }: AcceptProps) {
  const t = useTranslations("auth");
  const trpc = useTRPC();
  const problem = useProblemText();
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const accept = useMutation(
    trpc.account.acceptInvitation.mutationOptions({
      onSuccess: async ({ organization }) => {
        if (!signedIn) await signIn("credentials", { email, password, redirect: false });
        window.location.assign(`/o/${organization}/instances`);
      },
    }),
  );
  const ready = signedIn || (needsAccount ? Boolean(name.trim()) && newPassword.safeParse(password).success : password.length > 0);
  return (
    <form
      className="mt-6 grid gap-4"
      onSubmit={(event) => {
        event.preventDefault();
        accept.mutate({ token, ...(needsAccount ? { name } : {}), ...(signedIn ? {} : { password }) });
      }}
    >
      <input type="hidden" autoComplete="username" value={email} readOnly />
      {needsAccount && !signedIn ? (
        <Field label={t("yourName")}>{(control) => <Input {...control} autoComplete="name" autoFocus className="h-9" value={name} maxLength={100} onChange={(event) => setName(event.target.value)} />}</Field>
      ) : null}
      {signedIn ? null : (
        <Field label={needsAccount ? t("newPassword") : t("password")} hint={needsAccount ? t("newPasswordHint") : t("acceptExisting")}>
          {(control) => <Input {...control} type="password" autoComplete={needsAccount ? "new-password" : "current-password"} className="h-9" value={password} onChange={(event) => setPassword(event.target.value)} />}
        </Field>
      )}
      {accept.error ? <Notice kind="bad">{problem(accept.error)}</Notice> : null}
      <Button type="submit" variant="primary" size="lg" disabled={!ready} busy={accept.isPending || accept.isSuccess}>
        {t("accept")}
      </Button>
    </form>
  );
}
