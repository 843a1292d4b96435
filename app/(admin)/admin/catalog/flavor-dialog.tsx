"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useTranslations } from "next-intl";
import { useState } from "react";
import { createFlavorInput } from "@/server/catalog/schema";
import { Button } from "@/app/_components/ui/button";
import { Dialog } from "@/app/_components/ui/dialog";
import { Field, Input, Select } from "@/app/_components/ui/field";
import { Notice } from "@/app/_components/ui/notice";
import { useTRPC } from "@/app/_trpc/client";
import { useProblemText } from "@/app/_trpc/use-problem-text";

interface FlavorProps {
  readonly open: boolean;
  readonly onOpenChange: (open: boolean) => void;
}

const CLASSES = ["standard", "burstable", "dedicated"] as const;

export function FlavorDialog(props: FlavorProps) {
  const t = useTranslations("admin.catalog");
  return (
    <Dialog open={props.open} onOpenChange={props.onOpenChange} title={t("addFlavor")} description={t("addFlavorText")}>
      <FlavorForm {...props} />
    </Dialog>
  );
}

function FlavorForm({ onOpenChange }: FlavorProps) {
  const t = useTranslations("admin.catalog");
  const common = useTranslations("common");
  const flavorWords = useTranslations("flavor");
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const problem = useProblemText();
  const [form, setForm] = useState({ name: "", class: "standard", vcpus: "2", memoryMiB: "4096", diskGiB: "40" });
  const parsed = createFlavorInput.safeParse({ ...form, vcpus: Number(form.vcpus), memoryMiB: Number(form.memoryMiB), diskGiB: Number(form.diskGiB) });
  const create = useMutation(trpc.admin.catalog.createFlavor.mutationOptions({ onSuccess: () => onOpenChange(false), onSettled: () => queryClient.invalidateQueries(trpc.admin.catalog.pathFilter()) }));
  const number = (name: "vcpus" | "memoryMiB" | "diskGiB") => (
    <Field label={t(`fields.${name}`)}>{(control) => <Input {...control} type="number" min={1} step={1} value={form[name]} onChange={(event) => setForm({ ...form, [name]: event.target.value })} />}</Field>
  );
  return (
    <form
      className="grid gap-4 pb-1"
      onSubmit={(event) => {
        event.preventDefault();
        if (parsed.success) create.mutate(parsed.data);
      }}
    >
      <Field label={common("name")} hint={t("nameHint")}>{(control) => <Input {...control} value={form.name} placeholder="s1.medium" autoComplete="off" onChange={(event) => setForm({ ...form, name: event.target.value })} />}</Field>
      <Field label={t("class")} hint={flavorWords(`classText.${CLASSES.find((name) => name === form.class) ?? "standard"}`)}>
        {(control) => (
          <Select {...control} value={form.class} onChange={(event) => setForm({ ...form, class: event.target.value })}>
            {CLASSES.map((name) => <option key={name} value={name}>{flavorWords(`class.${name}`)}</option>)}
          </Select>
        )}
      </Field>
      <div className="grid grid-cols-3 gap-3">{number("vcpus")}{number("memoryMiB")}{number("diskGiB")}</div>
      {create.error ? <Notice kind="bad">{problem(create.error)}</Notice> : null}
      <div className="flex justify-end gap-2">
        <Button onClick={() => onOpenChange(false)}>{common("cancel")}</Button>
        <Button type="submit" variant="primary" disabled={!parsed.success} busy={create.isPending}>{t("addFlavor")}</Button>
      </div>
    </form>
  );
}
