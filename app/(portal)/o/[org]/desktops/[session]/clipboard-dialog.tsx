"use client";

import { ClipboardPaste, Send } from "lucide-react";
import { useTranslations } from "next-intl";
import { useState } from "react";
import { toast } from "sonner";
import { Button } from "@/app/_components/ui/button";
import { CopyButton } from "@/app/_components/ui/copy-button";
import { Dialog } from "@/app/_components/ui/dialog";
import { Field, Textarea } from "@/app/_components/ui/field";
import { Notice } from "@/app/_components/ui/notice";
import { useFormats } from "@/app/_i18n/use-formats";
import type { Opening } from "./types";
import { MOST_CHARACTERS, type GuestClipboard } from "./use-guest-clipboard";

interface ClipboardProps {
  readonly open: boolean;
  readonly onOpenChange: (open: boolean) => void;
  readonly allows: Opening["allows"];
  readonly guest: GuestClipboard | null;
  readonly onSend: (text: string) => void;
  readonly connected: boolean;
  readonly onClosed: () => void;
}

/** Text into the desktop and out of it, each where the pool allows it. */
export function ClipboardDialog({ open, onOpenChange, allows, guest, onSend, connected, onClosed }: ClipboardProps) {
  const t = useTranslations("desktops.session");
  const { number } = useFormats();
  return (
    <Dialog open={open} onOpenChange={onOpenChange} title={t("clipboard")} wide onClosed={onClosed}>
      {allows.clipboardIn ? <ToGuest onSend={onSend} connected={connected} /> : <Notice title={t("clipboardIn")}>{t("clipboardForbidden")}</Notice>}
      {!allows.clipboardOut ? (
        <Notice title={t("clipboardOut")}>{t("clipboardForbidden")}</Notice>
      ) : guest === null ? (
        <Notice title={t("clipboardOut")}>{t("clipboardNothing")}</Notice>
      ) : (
        <Field label={t("clipboardOut")} hint={guest.length > guest.text.length ? t("clipboardCut", { size: number(guest.length), limit: number(guest.text.length) }) : t("clipboardOutHint")}>
          {(control) => (
            <div className="relative">
              <Textarea {...control} readOnly rows={5} value={guest.text} className="pr-10 font-mono text-xs" />
              <CopyButton text={guest.text} className="absolute top-1.5 right-1.5" />
            </div>
          )}
        </Field>
      )}
    </Dialog>
  );
}

function ToGuest({ onSend, connected }: { readonly onSend: (text: string) => void; readonly connected: boolean }) {
  const t = useTranslations("desktops.session");
  const { number } = useFormats();
  const [text, setText] = useState("");
  const tooLong = text.length > MOST_CHARACTERS;
  const take = async (): Promise<void> => {
    try {
      setText(await navigator.clipboard.readText());
    } catch {
      // Reading needs https or loopback, and the reader's permission.
      toast.error(t("clipboardRefused"));
    }
  };
  return (
    <form
      className="grid gap-2"
      onSubmit={(event) => {
        event.preventDefault();
        if (tooLong || text === "") return;
        onSend(text);
        toast.success(t("clipboardSent"));
      }}
    >
      <Field label={t("clipboardIn")} hint={t("clipboardInHint")} error={tooLong ? t("clipboardTooLong", { size: number(text.length), limit: number(MOST_CHARACTERS) }) : undefined}>
        {(control) => <Textarea {...control} rows={5} value={text} onChange={(event) => setText(event.target.value)} className="font-mono text-xs" spellCheck={false} />}
      </Field>
      <div className="flex flex-wrap justify-end gap-2">
        <Button onClick={() => void take()}>
          <ClipboardPaste aria-hidden />
          {t("clipboardPaste")}
        </Button>
        <Button type="submit" variant="primary" disabled={!connected || tooLong || text === ""}>
          <Send aria-hidden />
          {t("clipboardSend")}
        </Button>
      </div>
    </form>
  );
}
