"use client";

import { useTranslations } from "next-intl";
import { useState, type ReactNode } from "react";
import { Button } from "@/app/_components/ui/button";
import { Dialog } from "@/app/_components/ui/dialog";
import { Field, Input } from "@/app/_components/ui/field";
import { Notice } from "@/app/_components/ui/notice";
import { useProblemText } from "@/app/_trpc/use-problem-text";

interface ConfirmProps {
  readonly open: boolean;
  readonly onOpenChange: (open: boolean) => void;
  readonly title: ReactNode;
  readonly description?: ReactNode;
  readonly action: string;
  readonly danger?: boolean;
  /** The reader types this word first: for what cannot be taken back. */
  readonly word?: string;
  readonly children?: ReactNode;
  readonly disabled?: boolean;
  /** Closes when it resolves; shows the reason when it rejects. */
  readonly onConfirm: () => Promise<unknown>;
}

export function Confirm(props: ConfirmProps) {
  return (
    <Dialog {...props} footer={null}>
      {/* Mounted only while open, so that a new question starts empty. */}
      <ConfirmBody {...props} />
    </Dialog>
  );
}

function ConfirmBody({ onOpenChange, action, danger, word, children, disabled, onConfirm }: ConfirmProps) {
  const t = useTranslations("common");
  const problem = useProblemText();
  const [typed, setTyped] = useState("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const run = async (): Promise<void> => {
    setBusy(true);
    setError(null);
    try {
      await onConfirm();
      onOpenChange(false);
    } catch (reason) {
      setError(reason);
    } finally {
      setBusy(false);
    }
  };
  const ready = (!word || typed.trim() === word) && !disabled;
  return (
    <form
      className="grid gap-4 pb-1"
      onSubmit={(event) => {
        event.preventDefault();
        if (ready) void run();
      }}
    >
      {children}
      {word ? (
        <Field label={t("confirmType", { word })}>{(control) => <Input {...control} value={typed} onChange={(event) => setTyped(event.target.value)} autoComplete="off" autoFocus />}</Field>
      ) : null}
      {error ? <Notice kind="bad">{problem(error)}</Notice> : null}
      <div className="flex flex-wrap justify-end gap-2">
        <Button onClick={() => onOpenChange(false)}>{t("cancel")}</Button>
        <Button type="submit" variant={danger ? "danger" : "primary"} disabled={!ready} busy={busy}>
          {action}
        </Button>
      </div>
    </form>
  );
}
