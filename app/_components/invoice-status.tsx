"use client";

import { useNow, useTranslations } from "next-intl";
import { Badge } from "@/app/_components/ui/badge";

interface InvoiceStatusProps {
  readonly status: "parked" | "issued" | "paid" | "void";
  readonly dueAt: Date | null;
}

/** How an invoice stands; one that is open and past its date says so. */
export function InvoiceStatus({ status, dueAt }: InvoiceStatusProps) {
  const t = useTranslations("money.invoices.status");
  const now = useNow({ updateInterval: 60_000 });
  const overdue = status === "issued" && dueAt !== null && dueAt < now;
  const key = overdue ? "overdue" : status;
  const tone = { overdue: "bad", issued: "accent", paid: "good", void: "neutral", parked: "warn" } as const;
  return <Badge tone={tone[key]} dot>{t(key)}</Badge>;
}
