"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useTranslations } from "next-intl";
import { useState } from "react";
import { useOrganization } from "@/app/_components/shell/viewer";
import { Button } from "@/app/_components/ui/button";
import { Dialog } from "@/app/_components/ui/dialog";
import { Field, Input, Textarea } from "@/app/_components/ui/field";
import { Notice } from "@/app/_components/ui/notice";
import { useTRPC } from "@/app/_trpc/client";
import { useProblemText } from "@/app/_trpc/use-problem-text";

interface AddKeyProps {
  readonly open: boolean;
  readonly onOpenChange: (open: boolean) => void;
  readonly onAdded?: (sshKeyId: string) => void;
}

export function AddKeyDialog(props: AddKeyProps) {
  const t = useTranslations("keys");
  return (
    <Dialog open={props.open} onOpenChange={props.onOpenChange} title={t("add")} description={t("addText")}>
      <AddKeyForm {...props} />
    </Dialog>
  );
}

/** The comment at the end of a public key is the name that its owner gave it. */
const nameIn = (publicKey: string): string => publicKey.trim().split(/\s+/).slice(2).join(" ").slice(0, 60);

function AddKeyForm({ onOpenChange, onAdded }: AddKeyProps) {
  const t = useTranslations("keys");
  const common = useTranslations("common");
  const { slug: organization } = useOrganization();
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const problem = useProblemText();
  const [publicKey, setPublicKey] = useState("");
  const [name, setName] = useState("");
  const add = useMutation(
    trpc.sshKeys.add.mutationOptions({
      onSuccess: async (key) => {
        await queryClient.invalidateQueries(trpc.sshKeys.pathFilter());
        onAdded?.(key.id);
        onOpenChange(false);
      },
    }),
  );
  // The order's form lies around this one in the tree: its submit must not be pressed by ours.
  return (
    <form
      className="grid gap-4 pb-1"
      onSubmit={(event) => {
        event.preventDefault();
        event.stopPropagation();
        add.mutate({ organization, name: name.trim() || nameIn(publicKey), publicKey: publicKey.trim() });
      }}
    >
      <Field label={t("publicKey")} hint={t("publicKeyHint")}>
        {(control) => (
          <Textarea
            {...control}
            rows={4}
            autoFocus
            spellCheck={false}
            className="font-mono text-xs"
            placeholder="ssh-ed25519 AAAA… you@laptop"
            value={publicKey}
            onChange={(event) => {
              setPublicKey(event.target.value);
              if (!name || name === nameIn(publicKey)) setName(nameIn(event.target.value));
            }}
          />
        )}
      </Field>
      <Field label={common("name")}>{(control) => <Input {...control} value={name} maxLength={100} onChange={(event) => setName(event.target.value)} />}</Field>
      {add.error ? <Notice kind="bad">{problem(add.error)}</Notice> : null}
      <div className="flex justify-end gap-2">
        <Button onClick={() => onOpenChange(false)}>{common("cancel")}</Button>
        <Button type="submit" variant="primary" disabled={!publicKey.trim() || !(name.trim() || nameIn(publicKey))} busy={add.isPending}>
          {t("add")}
        </Button>
      </div>
    </form>
  );
}
