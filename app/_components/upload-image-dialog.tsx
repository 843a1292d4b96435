"use client";

import { useMutation } from "@tanstack/react-query";
import { useTranslations } from "next-intl";
import { useEffect, useRef, useState } from "react";
import { toast } from "sonner";
import { Button } from "@/app/_components/ui/button";
import { Dialog } from "@/app/_components/ui/dialog";
import { Field, Input, Select } from "@/app/_components/ui/field";
import { Notice } from "@/app/_components/ui/notice";
import { useFormats } from "@/app/_i18n/use-formats";
import { useProblemText } from "@/app/_trpc/use-problem-text";
import { UploadError, sendFile } from "./send-file";

interface UploadProps {
  readonly open: boolean;
  readonly onOpenChange: (open: boolean) => void;
  /** Registers the image and says where its file goes. */
  readonly begin: (image: { name: string; format: "qcow2" | "raw"; sizeBytes: number }) => Promise<{ readonly uploadUrl: string }>;
  readonly onSettled: () => Promise<unknown>;
  /** What an image of so many bytes costs, in words; null where it costs nothing or that is not known. */
  readonly priceOf?: (bytes: number) => string | null;
}

export function UploadDialog(props: UploadProps) {
  const t = useTranslations("images");
  return (
    <Dialog open={props.open} onOpenChange={props.onOpenChange} title={t("upload")} description={t("uploadText")}>
      <UploadForm {...props} />
    </Dialog>
  );
}

function UploadForm({ onOpenChange, begin, onSettled, priceOf }: UploadProps) {
  const t = useTranslations("images");
  const common = useTranslations("common");
  const errors = useTranslations("errors");
  const formats = useFormats();
  const problem = useProblemText();
  const [file, setFile] = useState<File | null>(null);
  const [name, setName] = useState("");
  const [format, setFormat] = useState<"qcow2" | "raw">("qcow2");
  const [sent, setSent] = useState<number | null>(null);
  const abort = useRef<AbortController | null>(null);
  const upload = useMutation({
    mutationFn: async (chosen: File) => {
      const { uploadUrl } = await begin({ name: name.trim(), format, sizeBytes: chosen.size });
      abort.current = new AbortController();
      setSent(0);
      await sendFile(uploadUrl, chosen, setSent, abort.current.signal);
    },
    onSuccess: () => {
      toast.success(t("uploaded"));
      onOpenChange(false);
    },
    onSettled: () => {
      setSent(null);
      return onSettled();
    },
  });
  // Closing the dialog gives the upload up: half an image is worth nothing.
  useEffect(() => () => abort.current?.abort(), []);
  const choose = (chosen: File | null): void => {
    setFile(chosen);
    if (!chosen) return;
    if (!name) setName(chosen.name.replace(/\.(qcow2|raw|img)$/i, ""));
    setFormat(/\.(raw|img)$/i.test(chosen.name) ? "raw" : "qcow2");
  };
  const failure = upload.error instanceof UploadError ? upload.error.message || errors("offline") : upload.error ? problem(upload.error) : null;
  return (
    <form
      className="grid gap-4 pb-1"
      onSubmit={(event) => {
        event.preventDefault();
        if (file) upload.mutate(file);
      }}
    >
      <Field label={t("chooseFile")} hint={file ? [formats.bytes(file.size), priceOf?.(file.size)].filter(Boolean).join(" · ") : t("chooseHint")}>
        {(control) => <Input {...control} type="file" accept=".qcow2,.raw,.img" className="h-9 py-1.5" onChange={(event) => choose(event.target.files?.[0] ?? null)} />}
      </Field>
      <Field label={common("name")}>{(control) => <Input {...control} value={name} maxLength={100} onChange={(event) => setName(event.target.value)} />}</Field>
      <Field label={t("format")}>
        {(control) => (
          <Select {...control} value={format} onChange={(event) => setFormat(event.target.value === "raw" ? "raw" : "qcow2")}>
            <option value="qcow2">qcow2</option>
            <option value="raw">raw</option>
          </Select>
        )}
      </Field>
      {sent === null ? null : (
        <div className="grid gap-1">
          <span className="flex justify-between"><span className="text-muted">{t("sending")}</span><span className="numeric">{formats.percent(sent)}</span></span>
          <progress value={sent} max={1} aria-label={t("sending")} className="h-1.5 w-full accent-accent" />
        </div>
      )}
      {failure ? <Notice kind="bad">{failure}</Notice> : null}
      <div className="flex justify-end gap-2">
        <Button onClick={() => onOpenChange(false)}>{common("cancel")}</Button>
        <Button type="submit" variant="primary" disabled={!file || !name.trim()} busy={upload.isPending}>
          {t("upload")}
        </Button>
      </div>
    </form>
  );
}
