"use client";

import { zodResolver } from "@hookform/resolvers/zod";
import { signIn } from "next-auth/react";
import { useTranslations } from "next-intl";
import { useState } from "react";
import { useForm } from "react-hook-form";
import { z } from "zod";
import { Button } from "@/app/_components/ui/button";
import { Field, Input } from "@/app/_components/ui/field";
import { Notice } from "@/app/_components/ui/notice";

type Failure = "wrong" | "tooMany" | "offline";

export function SignInForm({ next }: { readonly next: string }) {
  const t = useTranslations("auth");
  const errors = useTranslations("errors");
  const [failure, setFailure] = useState<Failure | null>(null);
  const schema = z.object({ email: z.email({ error: t("emailMissing") }), password: z.string().min(1, { error: t("passwordMissing") }) });
  const form = useForm<z.infer<typeof schema>>({ resolver: zodResolver(schema), defaultValues: { email: "", password: "" } });

  const submit = form.handleSubmit(async (values) => {
    setFailure(null);
    try {
      const result = await signIn("credentials", { ...values, redirect: false });
      // A full load: the session, the language and the time zone of the page all come from the server.
      if (result?.ok) return window.location.assign(next);
      setFailure(result?.error === "rate-limited" ? "tooMany" : result?.error === "unavailable" ? "offline" : "wrong");
    } catch {
      setFailure("offline");
    }
  });

  return (
    <form onSubmit={(event) => void submit(event)} noValidate className="mt-6 grid gap-4">
      {failure ? <Notice kind="bad">{failure === "offline" ? errors("offline") : t(failure)}</Notice> : null}
      <Field label={t("email")} error={form.formState.errors.email?.message}>
        {(control) => <Input {...control} type="email" autoComplete="username" autoFocus className="h-9" {...form.register("email")} />}
      </Field>
      <Field label={t("password")} error={form.formState.errors.password?.message}>
        {(control) => <Input {...control} type="password" autoComplete="current-password" className="h-9" {...form.register("password")} />}
      </Field>
      <Button type="submit" variant="primary" size="lg" busy={form.formState.isSubmitting}>
        {t("signIn")}
      </Button>
    </form>
  );
}
