import { recordPrepayment, recordProviderInvoice, type ProviderPayment } from "@/server/billing";
import type { InvoiceFacts, PaymentDriver } from "@/server/drivers/payment/types";
import type { Context } from "@/server/platform/context";
import { inTransaction, type Transaction } from "@/server/platform/transaction";

/** What is written once the provider was asked; nothing is written while it is asked. */
export type Write = (tx: Transaction) => Promise<boolean>;

/** Reads an invoice and the payments that were begun for it. Null: there is no such invoice. */
export async function readInvoice(context: Context, driver: PaymentDriver, remoteId: string): Promise<{ readonly facts: InvoiceFacts; readonly write: Write } | null> {
  const askedAt = context.clock.now();
  const facts = await driver.readInvoice(remoteId);
  if (!facts) return null;
  const payments: ProviderPayment[] = [];
  for (const id of facts.remotePaymentIds) {
    const payment = await driver.readPayment(id);
    if (payment) payments.push(payment);
  }
  return { facts, write: (tx) => recordProviderInvoice(tx, context, facts, payments, askedAt) };
}

/** Reads a payment: with its invoice when it has one, else as money paid in advance. */
export async function readPayment(context: Context, driver: PaymentDriver, remotePaymentId: string): Promise<Write> {
  const payment = await driver.readPayment(remotePaymentId);
  if (!payment) return () => Promise.resolve(false);
  if (payment.remoteInvoiceId !== null) return (await readInvoice(context, driver, payment.remoteInvoiceId))?.write ?? (() => Promise.resolve(false));
  return (tx) => recordPrepayment(tx, context, payment);
}

/** Reads an invoice and writes it down at once, for who has just changed it. */
export async function refreshInvoice(context: Context, driver: PaymentDriver, remoteId: string): Promise<InvoiceFacts | null> {
  const read = await readInvoice(context, driver, remoteId);
  if (!read) return null;
  await inTransaction(context, read.write);
  return read.facts;
}
