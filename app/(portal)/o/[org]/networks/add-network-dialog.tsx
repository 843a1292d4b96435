"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useTranslations } from "next-intl";
import { useState } from "react";
import { createPrivateNetworkInput } from "@/server/compute/network/schema";
import { useOrganization } from "@/app/_components/shell/viewer";
import { Button } from "@/app/_components/ui/button";
import { Dialog } from "@/app/_components/ui/dialog";
import { Field, Input } from "@/app/_components/ui/field";
import { Notice } from "@/app/_components/ui/notice";
import { useTRPC } from "@/app/_trpc/client";
import { useProblemText } from "@/app/_trpc/use-problem-text";

interface AddNetworkProps {
  readonly open: boolean;
  readonly onOpenChange: (open: boolean) => void;
}

export function AddNetworkDialog(props: AddNetworkProps) {
  const t = useTranslations("networks");
  return (
    <Dialog open={props.open} onOpenChange={props.onOpenChange} title={t("add")} description={t("addText")}>
      <AddNetworkForm {...props} />
    </Dialog>
  );
}

function AddNetworkForm({ onOpenChange }: AddNetworkProps) {
  const t = useTranslations("networks");
  const common = useTranslations("common");
  const { slug: organization } = useOrganization();
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const problem = useProblemText();
  const [name, setName] = useState("");
  const [cidr, setCidr] = useState("");
  const create = useMutation(
    trpc.networks.create.mutationOptions({
      onSuccess: async () => {
        await queryClient.invalidateQueries(trpc.networks.pathFilter());
        onOpenChange(false);
      },
    }),
  );
  const cidrIsFine = createPrivateNetworkInput.shape.cidr.safeParse(cidr.trim()).success;
  return (
    <form
      className="grid gap-4 pb-1"
      onSubmit={(event) => {
        event.preventDefault();
        create.mutate({ organization, name, cidr: cidr.trim() });
      }}
    >
      <Field label={common("name")}>{(control) => <Input {...control} autoFocus value={name} maxLength={40} onChange={(event) => setName(event.target.value)} />}</Field>
      <Field label={t("cidr")} hint={t("cidrHint")} error={cidr !== "" && !cidrIsFine ? t("cidrError") : undefined}>
        {(control) => <Input {...control} className="font-mono" value={cidr} placeholder="10.64.3.0/24" autoComplete="off" spellCheck={false} onChange={(event) => setCidr(event.target.value)} />}
      </Field>
      {create.error ? <Notice kind="bad">{problem(create.error)}</Notice> : null}
      <div className="flex justify-end gap-2">
        <Button onClick={() => onOpenChange(false)}>{common("cancel")}</Button>
        <Button type="submit" variant="primary" disabled={!name.trim() || !cidrIsFine} busy={create.isPending}>{t("add")}</Button>
      </div>
    </form>
  );
}
