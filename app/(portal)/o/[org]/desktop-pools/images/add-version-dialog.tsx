"use client";

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useTranslations } from "next-intl";
import { useId, useState } from "react";
import { useOrganization } from "@/app/_components/shell/viewer";
import { Button } from "@/app/_components/ui/button";
import { Dialog } from "@/app/_components/ui/dialog";
import { Field, Input, Select } from "@/app/_components/ui/field";
import { Notice } from "@/app/_components/ui/notice";
import { useTRPC } from "@/app/_trpc/client";
import { useProblemText } from "@/app/_trpc/use-problem-text";

interface AddProps {
  readonly open: boolean;
  readonly onOpenChange: (open: boolean) => void;
  /** Golden images that there are. */
  readonly names: readonly string[];
}

export function AddVersionDialog(props: AddProps) {
  const t = useTranslations("desktopPools.images");
  return (
    <Dialog open={props.open} onOpenChange={props.onOpenChange} title={t("add")} description={t("addText")}>
      <AddForm {...props} />
    </Dialog>
  );
}

function AddForm({ onOpenChange, names }: AddProps) {
  const t = useTranslations("desktopPools.images");
  const common = useTranslations("common");
  const { slug: organization } = useOrganization();
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const problem = useProblemText();
  const list = useId();
  const [name, setName] = useState(names[0] ?? "");
  const [chosen, setImage] = useState("");
  const [note, setNote] = useState("");
  const images = useQuery(trpc.images.list.queryOptions({ organization }));
  const available = (images.data ?? []).filter((image) => image.status === "available");
  const imageId = chosen || (available[0]?.id ?? "");
  const add = useMutation(trpc.desktopPools.addVersion.mutationOptions({ onSuccess: () => onOpenChange(false), onSettled: () => queryClient.invalidateQueries(trpc.desktopPools.pathFilter()) }));
  return (
    <form
      className="grid gap-4 pb-1"
      onSubmit={(event) => {
        event.preventDefault();
        add.mutate({ organization, goldenImageName: name, imageId, note });
      }}
    >
      <Field label={t("name")} hint={t("nameHint")}>
        {(control) => <Input {...control} required maxLength={60} list={list} value={name} onChange={(event) => setName(event.target.value)} />}
      </Field>
      <datalist id={list}>{names.map((one) => <option key={one} value={one} />)}</datalist>
      <Field label={t("source")}>
        {(control) => (
          <Select {...control} className="w-full" required value={imageId} onChange={(event) => setImage(event.target.value)}>
            {available.map((image) => <option key={image.id} value={image.id}>{image.name}</option>)}
          </Select>
        )}
      </Field>
      <Field label={t("note")} optional={common("optional")}>{(control) => <Input {...control} maxLength={500} value={note} onChange={(event) => setNote(event.target.value)} />}</Field>
      {add.error ? <Notice kind="bad">{problem(add.error)}</Notice> : null}
      <div className="flex justify-end gap-2">
        <Button onClick={() => onOpenChange(false)}>{common("cancel")}</Button>
        <Button type="submit" variant="primary" busy={add.isPending} disabled={name.trim() === "" || imageId === ""}>{t("add")}</Button>
      </div>
    </form>
  );
}
