"use client";

import { Download, FileCheck2 } from "lucide-react";
import { useLocale, useTranslations } from "next-intl";
import { Button } from "@/app/_components/ui/button";

interface InvoiceFilesProps {
  readonly invoiceId: string;
  readonly number: string;
  readonly small?: boolean;
  /** Invoices that were written by hand have no use to prove. */
  readonly evidence?: boolean;
}

/** The invoice as PDF and as CSV, and the signed file that proves it. */
export function InvoiceFiles({ invoiceId, number, small, evidence }: InvoiceFilesProps) {
  const t = useTranslations("money.files");
  const locale = useLocale();
  const href = (kind: string): string => `/api/billing/invoices/${invoiceId}/${kind}?locale=${locale}`;
  return (
    <span className="inline-flex flex-wrap gap-2">
      {(["pdf", "csv"] as const).map((kind) => (
        <Button key={kind} asChild size={small ? "sm" : "md"} variant={small ? "ghost" : "secondary"}>
          <a href={href(kind)} download aria-label={t("of", { kind: t(kind), number })}><Download aria-hidden />{t(kind)}</a>
        </Button>
      ))}
      {evidence ? <Button asChild><a href={href("evidence")} download><FileCheck2 aria-hidden />{t("evidence")}</a></Button> : null}
    </span>
  );
}
