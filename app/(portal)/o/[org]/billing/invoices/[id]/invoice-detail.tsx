"use client";

import { useQuery } from "@tanstack/react-query";
import { ExternalLink } from "lucide-react";
import { useTranslations } from "next-intl";
import type { RouterOutputs } from "@/server/api/root";
import { Loaded } from "@/app/_components/loaded";
import { PageHead } from "@/app/_components/page-head";
import { useOrganization } from "@/app/_components/shell/viewer";
import { Button } from "@/app/_components/ui/button";
import { Card, CardBody, CardHead, Fact, Facts } from "@/app/_components/ui/card";
import { CodeBlock } from "@/app/_components/ui/copy-button";
import { Notice } from "@/app/_components/ui/notice";
import { useFormats } from "@/app/_i18n/use-formats";
import { useTRPC } from "@/app/_trpc/client";
import { BillLines } from "@/app/_components/bill-lines";
import { toBillLine } from "@/app/_components/invoice-lines";
import { DunningNotice } from "../../dunning-notice";
import { InvoiceFiles } from "@/app/_components/invoice-files";
import { InvoiceStatus } from "@/app/_components/invoice-status";
import { InvoiceLineWindows } from "../../line-windows";
import { InvoiceHistory } from "./invoice-history";

type View = RouterOutputs["billing"]["invoice"];
export function InvoiceDetail({ invoiceId }: { readonly invoiceId: string }) {
  const t = useTranslations("money.invoices");
  const { slug: organization } = useOrganization();
  const trpc = useTRPC();
  const query = useQuery(trpc.billing.invoice.queryOptions({ organization, invoiceId }));
  const pages = useQuery(trpc.billing.payment.overview.queryOptions({ organization }));
  const payAt = pages.data?.invoicePages.find((page) => page.invoiceId === invoiceId)?.url ?? null;
  return (
    <Loaded query={query}>
      {(view) => (
        <>
          <PageHead
            title={view.invoice.number}
            parent={{ href: `/o/${organization}/billing/invoices`, label: t("title") }}
            badge={<InvoiceStatus status={view.invoice.status} dueAt={view.invoice.dueAt} />}
            actions={
              <>
                <InvoiceFiles invoiceId={invoiceId} number={view.invoice.number ?? invoiceId} evidence={view.invoice.kind === "period"} />
                {view.openMinor > 0 && payAt ? <Button asChild variant="primary"><a href={payAt}><ExternalLink aria-hidden />{t("pay")}</a></Button> : null}
              </>
            }
          />
          <DunningNotice />
          <InvoiceBody view={view} />
        </>
      )}
    </Loaded>
  );
}

function InvoiceBody({ view: { invoice, lines, creditNotes, openMinor } }: { readonly view: View }) {
  const t = useTranslations("money.invoices");
  const words = useTranslations("billing");
  const formats = useFormats();
  const { slug: organization } = useOrganization();
  const trpc = useTRPC();
  // A size that is sold no longer goes without its name; the price version still says what it was.
  const flavors = useQuery(trpc.catalog.flavors.queryOptions({ organization }));
  const names = new Map(flavors.data?.map((flavor) => [flavor.id, flavor.name]));
  const subtotalMicros = lines.reduce((sum, line) => sum + line.amountMicros, 0);
  return (
    <div className="grid gap-4">
      {invoice.status === "void" ? <Notice title={t("voidTitle")}>{t("voidText", { reason: invoice.voidReason ?? "–" })}</Notice> : null}
      <Card>
        <CardBody className="grid gap-6 md:grid-cols-[auto_minmax(0,1fr)]">
          <div className="grid content-start gap-1 md:pr-6">
            <p className="text-xs text-muted">{openMinor > 0 ? t("open") : words("total")}</p>
            <p className="numeric text-2xl font-semibold tracking-tight">{formats.moneyMinor(openMinor > 0 ? openMinor : invoice.totalMinor, invoice.currency)}</p>
            {openMinor > 0 && openMinor !== invoice.totalMinor ? <p className="numeric text-xs text-muted">{t("openOf", { total: formats.moneyMinor(invoice.totalMinor, invoice.currency) })}</p> : null}
          </div>
          <Facts className="lg:grid-cols-4">
            <Fact label={words("period")}>{`${formats.date(invoice.periodStart)} – ${formats.date(new Date(invoice.periodEnd.getTime() - 1))}`}</Fact>
            <Fact label={t("issued")}>{formats.date(invoice.issuedAt)}</Fact>
            <Fact label={t("due")}>{invoice.dueAt ? formats.date(invoice.dueAt) : "–"}</Fact>
            <Fact label={t("buyer")}>{invoice.buyer?.name ?? "–"}<span className="block text-xs whitespace-pre-line text-muted">{[invoice.buyer?.address, invoice.buyer?.registrationNumber].filter(Boolean).join("\n")}</span></Fact>
            <Fact label={t("seller")}>{invoice.seller?.name ?? "–"}<span className="block text-xs text-muted">{invoice.seller?.registrationNumber}</span></Fact>
          </Facts>
        </CardBody>
      </Card>
      <Card>
        <CardHead title={words("lines")} description={words("linesText")} />
        <BillLines currency={invoice.currency} lines={lines.map((line) => toBillLine(line, names))} subtotalMicros={subtotalMicros} roundingMicros={invoice.roundingMicros} taxes={invoice.taxes} totalMinor={invoice.totalMinor}>
          {(lineId) => <InvoiceLineWindows invoiceId={invoice.id} lineId={lineId} />}
        </BillLines>
      </Card>
      <InvoiceHistory invoiceId={invoice.id} creditNotes={creditNotes} />
      {invoice.kind === "period" ? (
        <Card>
          <CardHead title={t("proof")} description={t("proofText")} />
          <CardBody><CodeBlock text={`npm run bill -- verify ${invoice.id}.evidence.json`} /></CardBody>
        </Card>
      ) : null}
    </div>
  );
}
