"use client";

import { useQuery } from "@tanstack/react-query";
import { FileMinus } from "lucide-react";
import { useTranslations } from "next-intl";
import { useState } from "react";
import type { RouterOutputs } from "@/server/api/root";
import { BillLines } from "@/app/_components/bill-lines";
import { InvoiceFiles } from "@/app/_components/invoice-files";
import { toBillLine } from "@/app/_components/invoice-lines";
import { InvoiceStatus } from "@/app/_components/invoice-status";
import { Loaded } from "@/app/_components/loaded";
import { PageHead } from "@/app/_components/page-head";
import { useStaff } from "@/app/_components/shell/viewer";
import { Button } from "@/app/_components/ui/button";
import { Card, CardBody, CardHead, Fact, Facts } from "@/app/_components/ui/card";
import { Notice } from "@/app/_components/ui/notice";
import { Table, Td, Th, Tr } from "@/app/_components/ui/table";
import { useWords } from "@/app/_components/use-words";
import { useFormats } from "@/app/_i18n/use-formats";
import { useTRPC } from "@/app/_trpc/client";
import { Decide } from "../../parked/decide";
import { CreditNoteDialog } from "./credit-note-dialog";
import { StaffLineWindows } from "./staff-line-windows";

type View = RouterOutputs["admin"]["billing"]["invoice"];
type Asking = "credit" | "release" | "void";

/** One invoice as operators see it: what it asks for, what was corrected, and what may still be. */
export function StaffInvoice({ invoiceId }: { readonly invoiceId: string }) {
  const t = useTranslations("adminMoney.organization");
  const parked = useTranslations("adminMoney.parked");
  const trpc = useTRPC();
  const staff = useStaff();
  const [asking, setAsking] = useState<Asking | null>(null);
  const query = useQuery(trpc.admin.billing.invoice.queryOptions({ invoiceId }));
  const standings = useQuery(trpc.admin.payments.standings.queryOptions());
  return (
    <Loaded query={query}>
      {(view) => {
        const { invoice } = view;
        const name = standings.data?.find((one) => one.organizationId === invoice.organizationId)?.name ?? invoice.organizationId;
        const admin = staff.may("admin");
        const creditable = view.creditable.some((rate) => rate.leftMinor > 0);
        const voidable = invoice.status === "parked" || (invoice.status === "issued" && view.openMinor === invoice.totalMinor);
        return (
          <>
            <PageHead
              title={invoice.number ?? t("noNumber")}
              parent={{ href: `/admin/organizations/${invoice.organizationId}/money`, label: name }}
              badge={<InvoiceStatus status={invoice.status} dueAt={invoice.dueAt} />}
              actions={
                <>
                  {invoice.number === null ? null : <InvoiceFiles invoiceId={invoiceId} number={invoice.number} evidence={invoice.kind === "period"} />}
                  {admin && invoice.status === "parked" ? <Button onClick={() => setAsking("release")}>{parked("release")}</Button> : null}
                  {admin && creditable ? <Button onClick={() => setAsking("credit")}><FileMinus aria-hidden />{t("creditNote")}</Button> : null}
                  {admin && voidable ? <Button variant="dangerOutline" onClick={() => setAsking("void")}>{parked("void")}</Button> : null}
                </>
              }
            />
            <Body view={view} />
            {asking === "credit" ? <CreditNoteDialog view={view} onClose={() => setAsking(null)} /> : null}
            {asking === "release" || asking === "void" ? <Decide invoice={invoice} what={asking} name={name} onClose={() => setAsking(null)} /> : null}
          </>
        );
      }}
    </Loaded>
  );
}

function Body({ view: { invoice, lines, creditNotes, openMinor } }: { readonly view: View }) {
  const t = useTranslations("money.invoices");
  const words = useTranslations("billing");
  const parked = useTranslations("adminMoney.parked");
  const formats = useFormats();
  const say = useWords();
  const trpc = useTRPC();
  const flavors = useQuery(trpc.admin.catalog.flavors.queryOptions());
  const names = new Map(flavors.data?.map((flavor) => [flavor.id, flavor.name]));
  const period = `${formats.date(invoice.periodStart)} – ${formats.date(new Date(Math.max(invoice.periodStart.getTime(), invoice.periodEnd.getTime() - 1)))}`;
  return (
    <div className="grid gap-4">
      {invoice.status === "void" ? <Notice title={t("voidTitle")}>{t("voidText", { reason: invoice.voidReason ?? "–" })}</Notice> : null}
      {invoice.status === "parked" && invoice.parkedReason !== null ? <Notice kind="warn" title={parked("why")}>{say(invoice.parkedWords, invoice.parkedReason)}</Notice> : null}
      <Card>
        <CardBody>
          <Facts className="lg:grid-cols-5">
            <Fact label={words("total")}>{formats.moneyMinor(invoice.totalMinor, invoice.currency)}</Fact>
            <Fact label={t("open")}>{formats.moneyMinor(openMinor, invoice.currency)}</Fact>
            <Fact label={words("period")}>{period}</Fact>
            <Fact label={t("issued")}>{formats.date(invoice.issuedAt)}</Fact>
            <Fact label={t("due")}>{invoice.dueAt ? formats.date(invoice.dueAt) : "–"}</Fact>
          </Facts>
        </CardBody>
      </Card>
      <CreditNotes notes={creditNotes} />
      <Card>
        <CardHead title={words("lines")} description={words("linesText")} />
        <BillLines
          currency={invoice.currency}
          lines={lines.map((line) => toBillLine(line, names))}
          subtotalMicros={lines.reduce((sum, line) => sum + line.amountMicros, 0)}
          roundingMicros={invoice.roundingMicros}
          taxes={invoice.taxes}
          totalMinor={invoice.totalMinor}
        >
          {(lineId) => <StaffLineWindows invoiceId={invoice.id} lineId={lineId} />}
        </BillLines>
      </Card>
    </div>
  );
}

function CreditNotes({ notes }: { readonly notes: View["creditNotes"] }) {
  const t = useTranslations("adminMoney.organization");
  const words = useTranslations("billing");
  const own = useTranslations("money.invoices");
  const admin = useTranslations("adminMoney");
  const formats = useFormats();
  if (notes.length === 0) return null;
  return (
    <Card>
      <CardHead title={t("creditNotes")} />
      <Table label={t("creditNotes")}>
        <thead><tr><Th>{own("number")}</Th><Th>{admin("reason")}</Th><Th right>{words("total")}</Th></tr></thead>
        <tbody>
          {notes.map((note) => (
            <Tr key={note.id}>
              <Td className="whitespace-nowrap">{note.number}<span className="block text-xs text-muted">{formats.date(note.issuedAt)}</span></Td>
              <Td>{note.reason}</Td>
              <Td right>{formats.moneyMinor(-note.totalMinor, note.currency)}</Td>
            </Tr>
          ))}
        </tbody>
      </Table>
    </Card>
  );
}
