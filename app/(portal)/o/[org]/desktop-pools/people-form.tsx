"use client";

import { FileUp } from "lucide-react";
import { useTranslations } from "next-intl";
import { useState, type ReactNode } from "react";
import { Button } from "@/app/_components/ui/button";
import { Field, Textarea } from "@/app/_components/ui/field";
import { Notice } from "@/app/_components/ui/notice";
import { useProblemText } from "@/app/_trpc/use-problem-text";
import { readAddresses } from "./read-addresses";

interface PeopleFormProps {
  readonly hint: string;
  readonly busy: boolean;
  /** Why the last ones were not taken; null when they were. */
  readonly error: unknown;
  /** Takes the addresses in; the text stays when it rejects. */
  readonly onAdd: (emails: string[]) => Promise<unknown>;
  readonly onImport: () => void;
  /** Further ways in, under the two of every such form. */
  readonly children?: ReactNode;
}

/** People by their addresses, as somebody pastes them, or from a file. */
export function PeopleForm({ hint, busy, error, onAdd, onImport, children }: PeopleFormProps) {
  const t = useTranslations("desktopPools.assign");
  const problem = useProblemText();
  const [text, setText] = useState("");
  const { emails, unreadable } = readAddresses(text);
  return (
    <form
      className="grid gap-3"
      onSubmit={(event) => {
        event.preventDefault();
        onAdd(emails).then(() => setText(""), () => undefined);
      }}
    >
      <Field label={t("addresses")} hint={hint} error={unreadable.length > 0 ? t("unreadable", { words: unreadable.slice(0, 3).join(", ") }) : undefined}>
        {(control) => <Textarea {...control} rows={6} className="font-mono text-xs" spellCheck={false} value={text} onChange={(event) => setText(event.target.value)} />}
      </Field>
      {text.trim() === "" ? null : <p className="text-xs text-muted" aria-live="polite">{t("found", { count: emails.length })}</p>}
      {error ? <Notice kind="bad">{problem(error)}</Notice> : null}
      <Button type="submit" variant="primary" disabled={emails.length === 0 || unreadable.length > 0} busy={busy}>{t("add")}</Button>
      <Button onClick={onImport}>
        <FileUp aria-hidden />
        {t("import")}
      </Button>
      {children}
    </form>
  );
}
