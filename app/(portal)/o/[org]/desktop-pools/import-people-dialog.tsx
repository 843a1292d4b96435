"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useTranslations } from "next-intl";
import { useState } from "react";
import { toast } from "sonner";
import type { RouterOutputs } from "@/server/api/root";
import { useOrganization } from "@/app/_components/shell/viewer";
import { Badge, type Tone } from "@/app/_components/ui/badge";
import { Button } from "@/app/_components/ui/button";
import { Dialog } from "@/app/_components/ui/dialog";
import { Field, Input } from "@/app/_components/ui/field";
import { Notice } from "@/app/_components/ui/notice";
import { Table, Td, Th, Tr } from "@/app/_components/ui/table";
import { useTRPC } from "@/app/_trpc/client";
import { useProblemText } from "@/app/_trpc/use-problem-text";

type Report = RouterOutputs["desktopGroups"]["import"];
type Outcome = Report["lines"][number]["outcome"];
const OUTCOMES: readonly Outcome[] = ["added", "added-waiting", "there", "repeated", "no-address"];
const TONES: Record<Outcome, Tone> = { added: "good", "added-waiting": "accent", there: "neutral", repeated: "neutral", "no-address": "bad" };

interface ImportProps {
  readonly open: boolean;
  readonly onOpenChange: (open: boolean) => void;
  /** Where the people go. */
  readonly into: { readonly poolId: string } | { readonly groupId: string };
  readonly name: string;
}

/** A list of people from a file: first what would come of each line, then, when it is wanted so, what came of it. */
export function ImportPeopleDialog(props: ImportProps) {
  const t = useTranslations("desktopPools.import");
  return (
    <Dialog open={props.open} onOpenChange={props.onOpenChange} title={t("title", { name: props.name })} description={t("text")} wide>
      <ImportForm {...props} />
    </Dialog>
  );
}

function ImportForm({ onOpenChange, into }: ImportProps) {
  const t = useTranslations("desktopPools.import");
  const common = useTranslations("common");
  const { slug: organization } = useOrganization();
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const problem = useProblemText();
  const [csv, setCsv] = useState("");
  const run = useMutation(
    trpc.desktopGroups.import.mutationOptions({
      onSuccess: async (report) => {
        if (report.dryRun) return;
        toast.success(t("done", { count: report.added }));
        await Promise.all([queryClient.invalidateQueries(trpc.desktopPools.pathFilter()), queryClient.invalidateQueries(trpc.desktopGroups.pathFilter())]);
      },
    }),
  );
  const report = run.data;
  const choose = async (file: File | undefined): Promise<void> => {
    run.reset();
    const text = file ? await file.text() : "";
    setCsv(text);
    if (text !== "") run.mutate({ organization, ...into, csv: text, dryRun: true });
  };
  return (
    <div className="grid gap-4 pb-1">
      <Field label={t("file")} hint={t("fileHint")}>
        {(control) => <Input {...control} type="file" accept=".csv,.txt,text/csv,text/plain" className="h-9 py-1.5" onChange={(event) => void choose(event.target.files?.[0])} />}
      </Field>
      {run.error ? <Notice kind="bad">{problem(run.error)}</Notice> : null}
      {report ? <LineReport report={report} /> : null}
      <div className="flex justify-end gap-2">
        <Button onClick={() => onOpenChange(false)}>{report && !report.dryRun ? common("close") : common("cancel")}</Button>
        {report && !report.dryRun ? null : (
          <Button variant="primary" busy={run.isPending} disabled={!report || report.added === 0} onClick={() => run.mutate({ organization, ...into, csv })}>
            {t("take", { count: report?.added ?? 0 })}
          </Button>
        )}
      </div>
    </div>
  );
}

function LineReport({ report }: { readonly report: Report }) {
  const t = useTranslations("desktopPools.import");
  const counted = OUTCOMES.map((outcome) => ({ outcome, count: report.lines.filter((line) => line.outcome === outcome).length })).filter(({ count }) => count > 0);
  return (
    <>
      <p className="flex flex-wrap gap-2" aria-live="polite">
        {counted.length === 0 ? t("nothing") : counted.map(({ outcome, count }) => <Badge key={outcome} tone={TONES[outcome]}>{`${t(`outcomes.${outcome}`)}: ${count}`}</Badge>)}
      </p>
      {report.lines.length === 0 ? null : (
        <div tabIndex={0} role="region" aria-label={t("lines")} className="max-h-72 overflow-y-auto rounded-md border">
          <Table label={t("lines")}>
            <thead>
              <tr>
                <Th right>{t("line")}</Th>
                <Th>{t("entry")}</Th>
                <Th>{t("outcome")}</Th>
              </tr>
            </thead>
            <tbody>
              {report.lines.map((line) => (
                <Tr key={line.line}>
                  <Td right className="w-14 text-muted">{line.line}</Td>
                  <Td className="max-w-64 truncate">{line.text === "" ? "–" : line.text}</Td>
                  <Td className={line.outcome === "no-address" ? "text-bad" : "text-muted"}>{t(`outcomes.${line.outcome}`)}</Td>
                </Tr>
              ))}
            </tbody>
          </Table>
        </div>
      )}
    </>
  );
}
