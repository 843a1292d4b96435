import type { payment, paymentDispute, paymentInvoice, paymentLink, paymentMethod, paymentRefund, paymentSubscription } from "@/db/schema/payment";

export type PaymentRow = typeof payment.$inferSelect;
export type RefundRow = typeof paymentRefund.$inferSelect;
export type DisputeRow = typeof paymentDispute.$inferSelect;
export type PaymentLinkRow = typeof paymentLink.$inferSelect;
export type PaymentMethodRow = typeof paymentMethod.$inferSelect;
export type SubscriptionRow = typeof paymentSubscription.$inferSelect;
export type ProviderInvoiceRow = typeof paymentInvoice.$inferSelect;

/** What the provider says of an invoice at the moment `askedAt`; the shapes are those of the payment door. */
export interface ProviderInvoice {
  readonly remoteId: string;
  readonly invoiceId: string | null;
  readonly organizationId: string | null;
  /** Ours, of an invoice that the provider began by itself. */
  readonly subscriptionId: string | null;
  readonly periodStart: Date;
  readonly periodEnd: Date;
  readonly number: string | null;
  readonly status: string;
  readonly currency: string;
  readonly totalMinor: number;
  readonly paidMinor: number;
  readonly remainingMinor: number;
  readonly attempts: number;
  readonly url: string | null;
}

export interface ProviderAttempt {
  readonly chargeId: string;
  readonly status: "succeeded" | "failed" | "pending";
  readonly amountMinor: number;
  readonly currency: string;
  readonly method: string | null;
  readonly failureCode: string | null;
  readonly failureText: string | null;
  readonly at: Date;
}

export interface ProviderPayment {
  readonly remotePaymentId: string;
  readonly customerId: string | null;
  readonly linkId: string | null;
  readonly attempts: readonly ProviderAttempt[];
}

export interface ProviderRefund {
  readonly remoteId: string;
  readonly refundId: string | null;
  readonly chargeId: string | null;
  readonly status: "pending" | "succeeded" | "failed";
  readonly amountMinor: number;
  readonly currency: string;
  readonly reason: string | null;
  readonly at: Date;
}

export interface ProviderDispute {
  readonly remoteId: string;
  readonly chargeId: string;
  readonly status: string;
  readonly amountMinor: number;
  readonly currency: string;
  readonly reason: string;
  readonly evidenceDueAt: Date | null;
  readonly at: Date;
}

export interface ProviderCustomer {
  readonly id: string;
  readonly defaultMethodId: string | null;
  readonly methods: readonly { readonly id: string; readonly kind: string; readonly brand: string | null; readonly last4: string | null; readonly expiresMonth: number | null; readonly expiresYear: number | null }[];
  readonly taxIds: readonly { readonly id: string; readonly type: string; readonly value: string; readonly verification: string | null }[];
}
