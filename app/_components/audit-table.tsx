"use client";

import { ChevronRight, ScrollText } from "lucide-react";
import { useMessages, useTranslations } from "next-intl";
import { Fragment, useState } from "react";
import type { AuditEntryView } from "@/server/tenancy/audit/types";
import { Moment } from "@/app/_components/time-ago";
import { cn } from "@/app/_components/ui/cn";
import { EmptyState } from "@/app/_components/ui/empty-state";
import { Table, Td, Th } from "@/app/_components/ui/table";

interface AuditTableProps {
  readonly entries: readonly AuditEntryView[];
  /** The operator's list mixes the chains. */
  readonly withChain?: boolean;
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null && !Array.isArray(value);
const show = (value: unknown): string => (value === null || value === undefined ? "–" : typeof value === "string" ? value : JSON.stringify(value));

/** What was done, in the reader's language: the noun of its code, and what happened to it. A code that has no words here is shown as it is. */
function useActionText(): (action: string) => string {
  const t = useTranslations("audit");
  const { audit } = useMessages();
  const isNoun = (name: string): name is keyof typeof audit.nouns => Object.hasOwn(audit.nouns, name);
  const isVerb = (name: string): name is keyof typeof audit.verbs => Object.hasOwn(audit.verbs, name);
  return (action) => {
    const [noun = "", verb = ""] = action.split(".", 2);
    return isNoun(noun) && isVerb(verb) ? t("line", { noun: t(`nouns.${noun}`), verb: t(`verbs.${verb}`) }) : action;
  };
}

export function AuditTable({ entries, withChain }: AuditTableProps) {
  const t = useTranslations("audit");
  const say = useActionText();
  const [open, setOpen] = useState<number | null>(null);
  if (entries.length === 0) return <EmptyState icon={ScrollText} title={t("empty")}>{t("emptyText")}</EmptyState>;
  return (
    <Table label={t("title")}>
      <thead>
        <tr>
          <Th>{t("at")}</Th>
          <Th>{t("who")}</Th>
          <Th>{t("what")}</Th>
          <Th className="hidden md:table-cell">{t("target")}</Th>
        </tr>
      </thead>
      <tbody>
        {entries.map((entry) => {
          const expanded = open === entry.id;
          return (
            <Fragment key={entry.id}>
              <tr className="hover:bg-raised/40">
                <Td className="whitespace-nowrap">
                  <button type="button" aria-expanded={expanded} onClick={() => setOpen(expanded ? null : entry.id)} className="-m-1 flex items-center gap-2 rounded p-1">
                    <ChevronRight aria-hidden className={cn("size-4 text-muted transition-transform", expanded && "rotate-90")} />
                    <Moment at={entry.at} />
                  </button>
                </Td>
                <Td>
                  {entry.actorName ?? (entry.actorKind === "user" ? entry.actorId : t(`actor.${entry.actorKind}`))}
                  {withChain ? <span className="block font-mono text-tiny text-muted">{entry.chain}</span> : null}
                </Td>
                <Td>
                  <span title={entry.action}>{say(entry.action)}</span>
                </Td>
                <Td className="hidden font-mono text-xs text-muted md:table-cell">{entry.targetId}</Td>
              </tr>
              {expanded ? (
                <tr>
                  <td colSpan={4} className="border-b bg-raised/40 px-4 py-3">
                    <EntryDetail entry={entry} />
                  </td>
                </tr>
              ) : null}
            </Fragment>
          );
        })}
      </tbody>
    </Table>
  );
}

function EntryDetail({ entry }: { readonly entry: AuditEntryView }) {
  const t = useTranslations("audit");
  const before = isRecord(entry.before) ? entry.before : {};
  const after = isRecord(entry.after) ? entry.after : {};
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return (
    <div className="grid gap-3 text-xs">
      {names.length > 0 ? (
        <table className="w-full max-w-3xl table-fixed">
          <thead className="text-left text-muted">
            <tr>
              <th scope="col" className="w-1/4 font-medium">{t("field")}</th>
              <th scope="col" className="font-medium">{t("before")}</th>
              <th scope="col" className="font-medium">{t("after")}</th>
            </tr>
          </thead>
          <tbody>
            {names.map((name) => (
              <tr key={name} className="align-top">
                <th scope="row" className="py-0.5 text-left font-normal text-muted">{name}</th>
                <td className="py-0.5 pr-3 font-mono break-words">{show(before[name])}</td>
                <td className="py-0.5 font-mono break-words">{show(after[name])}</td>
              </tr>
            ))}
          </tbody>
        </table>
      ) : null}
      <p className="font-mono break-all text-muted">
        {entry.action} · {entry.targetKind} {entry.targetId} · {entry.requestId} · #{entry.sequence} {entry.hash.slice(0, 16)}…
      </p>
    </div>
  );
}
