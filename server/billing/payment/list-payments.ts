import type { Context } from "@/server/platform/context";
import { inTransaction } from "@/server/platform/transaction";
import { selectDisputes, selectMethods, selectPayments, selectProviderInvoices, selectTaxIds } from "./store";
import type { DisputeRow, PaymentMethodRow, PaymentRow } from "./types";

const MOST = 200;

export interface PaymentOverview {
  readonly methods: readonly PaymentMethodRow[];
  readonly taxIds: readonly { readonly id: string; readonly type: string; readonly value: string; readonly verification: string | null }[];
  readonly payments: readonly PaymentRow[];
  readonly disputes: readonly DisputeRow[];
  /** Where each open invoice can be paid by hand. */
  readonly invoicePages: readonly { readonly invoiceId: string; readonly status: string; readonly url: string | null }[];
}

/** What an organization pays with, and what came of it. */
export async function readPaymentOverview(context: Context, input: { readonly organizationId: string }): Promise<PaymentOverview> {
  return inTransaction(
    context,
    async (tx) => ({
      methods: await selectMethods(tx, input.organizationId),
      taxIds: await selectTaxIds(tx, input.organizationId),
      payments: await selectPayments(tx, input.organizationId, MOST),
      disputes: await selectDisputes(tx, input.organizationId),
      invoicePages: (await selectProviderInvoices(tx, input.organizationId)).map(({ invoiceId, status, url }) => ({ invoiceId, status, url })),
    }),
    { isolation: "repeatable read", readOnly: true },
  );
}
