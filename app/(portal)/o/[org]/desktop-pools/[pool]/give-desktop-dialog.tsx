"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useTranslations } from "next-intl";
import { useState } from "react";
import { toast } from "sonner";
import { useOrganization } from "@/app/_components/shell/viewer";
import { Button } from "@/app/_components/ui/button";
import { Dialog } from "@/app/_components/ui/dialog";
import { Field, Input } from "@/app/_components/ui/field";
import { Notice } from "@/app/_components/ui/notice";
import { useTRPC } from "@/app/_trpc/client";
import { useProblemText } from "@/app/_trpc/use-problem-text";

interface GiveDesktopProps {
  /** Null: closed. */
  readonly desktop: { readonly id: string; readonly name: string } | null;
  readonly onClose: () => void;
}

/** Gives a free desktop of a persistent pool to one person, before they open it for the first time. */
export function GiveDesktopDialog({ desktop, onClose }: GiveDesktopProps) {
  const t = useTranslations("desktopPools.desktops");
  return (
    <Dialog open={desktop !== null} onOpenChange={(open) => (open ? undefined : onClose())} title={t("giveTitle", { name: desktop?.name ?? "" })} description={t("giveText")}>
      {desktop ? <GiveForm desktop={desktop} onClose={onClose} /> : null}
    </Dialog>
  );
}

function GiveForm({ desktop, onClose }: GiveDesktopProps & { readonly desktop: NonNullable<GiveDesktopProps["desktop"]> }) {
  const t = useTranslations("desktopPools.desktops");
  const common = useTranslations("common");
  const { slug: organization } = useOrganization();
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const problem = useProblemText();
  const [email, setEmail] = useState("");
  const give = useMutation(
    trpc.desktopPools.assignDesktop.mutationOptions({
      onSuccess: async () => {
        toast.success(t("given", { name: desktop.name, person: email.trim() }));
        onClose();
        await queryClient.invalidateQueries(trpc.desktopPools.pathFilter());
      },
    }),
  );
  return (
    <form
      className="grid gap-4 pb-1"
      onSubmit={(event) => {
        event.preventDefault();
        give.mutate({ organization, desktopId: desktop.id, email });
      }}
    >
      <Field label={t("giveAddress")}>{(control) => <Input {...control} type="email" required autoComplete="off" value={email} onChange={(event) => setEmail(event.target.value)} />}</Field>
      {give.error ? <Notice kind="bad">{problem(give.error)}</Notice> : null}
      <div className="flex justify-end gap-2">
        <Button onClick={onClose}>{common("cancel")}</Button>
        <Button type="submit" variant="primary" busy={give.isPending}>{t("give")}</Button>
      </div>
    </form>
  );
}
