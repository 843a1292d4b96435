"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useTranslations } from "next-intl";
import { useState } from "react";
import { createOrganizationForm } from "@/server/tenancy/organization/schema";
import { Button } from "@/app/_components/ui/button";
import { CodeBlock } from "@/app/_components/ui/copy-button";
import { Dialog } from "@/app/_components/ui/dialog";
import { Field, Input } from "@/app/_components/ui/field";
import { Notice } from "@/app/_components/ui/notice";
import { useTRPC } from "@/app/_trpc/client";
import { useProblemText } from "@/app/_trpc/use-problem-text";

interface CreateProps {
  readonly open: boolean;
  readonly onOpenChange: (open: boolean) => void;
}

export function CreateOrganizationDialog(props: CreateProps) {
  const t = useTranslations("admin.organizations");
  return (
    <Dialog open={props.open} onOpenChange={props.onOpenChange} title={t("create")} description={t("createText")}>
      <CreateForm {...props} />
    </Dialog>
  );
}

function CreateForm({ onOpenChange }: CreateProps) {
  const t = useTranslations("admin.organizations");
  const common = useTranslations("common");
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const problem = useProblemText();
  const [form, setForm] = useState({ name: "", slug: "", currency: "JPY", ownerEmail: "" });
  const create = useMutation(trpc.admin.organizations.create.mutationOptions({ onSettled: () => queryClient.invalidateQueries(trpc.admin.organizations.pathFilter()) }));
  const parsed = createOrganizationForm.safeParse(form);
  if (create.data) {
    return (
      <div className="grid gap-4 pb-1">
        <Notice kind="good" title={t("created", { name: create.data.organization.name })}>{t(create.data.mailed ? "createdByMail" : "createdText")}</Notice>
        <CodeBlock text={create.data.acceptUrl} />
        <Button variant="primary" className="justify-self-end" onClick={() => onOpenChange(false)}>{common("close")}</Button>
      </div>
    );
  }
  const text = (name: keyof typeof form, type = "text") => (
    <Field label={t(`fields.${name}`)} hint={t(`hints.${name}`)}>
      {(control) => <Input {...control} type={type} autoComplete="off" value={form[name]} onChange={(event) => setForm({ ...form, [name]: event.target.value })} />}
    </Field>
  );
  return (
    <form
      className="grid gap-4 pb-1"
      onSubmit={(event) => {
        event.preventDefault();
        if (parsed.success) create.mutate(parsed.data);
      }}
    >
      {text("name")}
      {text("slug")}
      {text("currency")}
      {text("ownerEmail", "email")}
      {create.error ? <Notice kind="bad">{problem(create.error)}</Notice> : null}
      <div className="flex justify-end gap-2">
        <Button onClick={() => onOpenChange(false)}>{common("cancel")}</Button>
        <Button type="submit" variant="primary" disabled={!parsed.success} busy={create.isPending}>{t("create")}</Button>
      </div>
    </form>
  );
}
