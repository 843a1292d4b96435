"use client";

import { useQuery } from "@tanstack/react-query";
import { useTranslations } from "next-intl";
import type { RouterOutputs } from "@/server/api/root";
import { Loaded } from "@/app/_components/loaded";
import { useOrganization } from "@/app/_components/shell/viewer";
import { Moment } from "@/app/_components/time-ago";
import { Card, CardHead } from "@/app/_components/ui/card";
import { Table, Td, Th, Tr } from "@/app/_components/ui/table";
import { useFormats } from "@/app/_i18n/use-formats";
import { useTRPC } from "@/app/_trpc/client";

interface HistoryProps {
  readonly invoiceId: string;
  readonly creditNotes: RouterOutputs["billing"]["invoice"]["creditNotes"];
}

/** What was asked for, paid, given back and corrected on one invoice, as the ledger has it. */
export function InvoiceHistory({ invoiceId, creditNotes }: HistoryProps) {
  const t = useTranslations("money.ledger");
  const words = useTranslations("billing");
  const formats = useFormats();
  const { slug: organization } = useOrganization();
  const trpc = useTRPC();
  const query = useQuery(trpc.billing.ledger.queryOptions({ organization }));
  const noteOf = new Map(creditNotes.map((note) => [note.id, note]));
  return (
    <Card>
      <CardHead title={t("title")} description={t("text")} />
      <Loaded query={query}>
        {({ entries }) => (
          <Table label={t("title")}>
            <thead><tr><Th>{t("at")}</Th><Th>{words("what")}</Th><Th className="hidden sm:table-cell">{t("reference")}</Th><Th right>{words("amount")}</Th></tr></thead>
            <tbody>
              {entries.filter((entry) => entry.invoiceId === invoiceId).map((entry) => {
                const note = entry.creditNoteId ? noteOf.get(entry.creditNoteId) : undefined;
                return (
                  <Tr key={entry.id}>
                    <Td className="whitespace-nowrap"><Moment at={entry.at} /></Td>
                    <Td>{t(`kinds.${entry.kind}`)}{note ? <span className="block text-xs text-muted">{`${note.number} · ${note.reason}`}</span> : null}</Td>
                    <Td className="hidden font-mono text-xs text-muted sm:table-cell">{entry.reference}</Td>
                    <Td right>{formats.moneyMinor(entry.amountMinor, entry.currency)}</Td>
                  </Tr>
                );
              })}
            </tbody>
          </Table>
        )}
      </Loaded>
    </Card>
  );
}
