import { listPeriods, type UsagePeriodRow } from "@/server/metering";
import type { Context } from "@/server/platform/context";
import { inTransaction } from "@/server/platform/transaction";
import { readOrganization, requireProvider } from "@/server/tenancy";
import { selectCommitmentsOf, selectDiscountsOf, type CommitmentRow, type DiscountRow } from "../discount";
import { listInvoicesIn, type InvoiceListItem } from "../invoice";
import { readBalance, type Balance } from "../ledger";
import { refundableMinor, selectPayments, selectRefunds, type PaymentRow, type RefundRow } from "../payment";
import { selectCredits, type SlaCreditRow } from "../sla";

const MOST_PAYMENTS = 100;

/** Everything that an operator decides on about one organization's money. */
export interface MoneyView {
  readonly currency: string;
  readonly timeZone: string;
  readonly balances: readonly Balance[];
  readonly invoices: readonly InvoiceListItem[];
  /** With the most that can be given back of each now, minor units. */
  readonly payments: readonly (PaymentRow & { readonly refundableMinor: number })[];
  readonly refunds: readonly RefundRow[];
  readonly commitments: readonly CommitmentRow[];
  readonly discounts: readonly DiscountRow[];
  readonly slaCredits: readonly SlaCreditRow[];
  /** Closed, newest first. */
  readonly periods: readonly UsagePeriodRow[];
}

/** Reads it as of one moment. @throws Problem `not-found` for an organization that is not. */
export function readMoney(context: Context, input: { readonly organizationId: string }): Promise<MoneyView> {
  requireProvider(context);
  const { organizationId } = input;
  return inTransaction(context, async (tx) => {
    const { currency, timeZone } = await readOrganization(tx, organizationId);
    const payments = [];
    for (const paid of await selectPayments(tx, organizationId, MOST_PAYMENTS)) payments.push({ ...paid, refundableMinor: await refundableMinor(tx, paid) });
    return {
      currency, timeZone, payments,
      balances: await readBalance(tx, organizationId),
      invoices: await listInvoicesIn(tx, { organizationId }),
      refunds: await selectRefunds(tx, organizationId),
      commitments: await selectCommitmentsOf(tx, organizationId),
      discounts: await selectDiscountsOf(tx, organizationId),
      slaCredits: await selectCredits(tx, organizationId),
      periods: (await listPeriods(tx, organizationId)).toReversed(),
    };
  }, { isolation: "repeatable read", readOnly: true });
}
