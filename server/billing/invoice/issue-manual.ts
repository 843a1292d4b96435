import type { Context } from "@/server/platform/context";
import { Problem } from "@/server/platform/errors";
import { sentence } from "@/server/platform/sentences";
import type { Transaction } from "@/server/platform/transaction";
import { microsPerMinor } from "@/server/rating";
import { readOrganization } from "@/server/tenancy";
import { selectIssuer, selectProfile, taxRates, type TaxCategory } from "../profile";
import type { InvoiceRow } from "./types";
import { writeInvoice } from "./write-invoice";

export interface ManualInvoiceInput {
  readonly organizationId: string;
  /** Net amounts, minor units of the organization's currency. */
  readonly lines: readonly { readonly description: string; readonly amountMinor: number; readonly taxCategory?: TaxCategory; readonly reference?: string }[];
  readonly dueAt?: Date;
  readonly periodStart?: Date;
  readonly periodEnd?: Date;
}

/** Issues an invoice for something that is not metered. @throws Problem `bad-input` without lines, or for a sum below zero. */
export async function issueManualInvoice(tx: Transaction, context: Context, input: ManualInvoiceInput): Promise<InvoiceRow> {
  const now = context.clock.now();
  const { currency } = await readOrganization(tx, input.organizationId);
  const sumMinor = input.lines.reduce((sum, line) => sum + line.amountMinor, 0);
  if (input.lines.length === 0 || !Number.isSafeInteger(sumMinor) || sumMinor < 0) throw new Problem("bad-input", sentence("refused-invoice-lines"), { organizationId: input.organizationId });
  const rates = taxRates((await selectIssuer(tx)).country, (await selectProfile(tx, input.organizationId))?.country ?? "JP");
  const minor = microsPerMinor(currency);
  return writeInvoice(tx, context, {
    organizationId: input.organizationId, kind: "manual", currency, periodStart: input.periodStart ?? now, periodEnd: input.periodEnd ?? now, ...(input.dueAt ? { dueAt: input.dueAt } : {}),
    lines: input.lines.map((line, index) => ({
      kind: "manual", key: `manual:${index + 1}`, meter: null, resourceId: null, instanceId: null, flavorId: null, priceVersionId: null, reference: line.reference ?? null, description: { text: line.description },
      quantityUnitMs: 0n, microsPerHour: null, amountMicros: BigInt(line.amountMinor) * minor, taxRateBasisPoints: rates[line.taxCategory ?? "standard"], windowIds: [],
    })),
  });
}
