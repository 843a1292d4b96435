export { readPaymentOverview, type PaymentOverview } from "./list-payments";
export { addSubscription, endSubscription, listSubscriptions, noteSubscription, readSubscriptionForPush } from "./keep-subscription";
export { noteCustomer, noteCustomerMade, noteLinkOutcome, remindOfExpiry } from "./note-customer";
export { recordDispute, recordPrepayment, recordProviderInvoice, recordRefund } from "./record-payment";
export { getLink, noteLinkReady, readLinkRow, requestLink } from "./request-link";
export { readRefundRow, refundableMinor, requestRefund } from "./request-refund";
export { selectOrganizationOfCustomer, selectPayments, selectProviderInvoice, selectRefunds } from "./store";
export type { PaymentLinkRow, PaymentMethodRow, PaymentRow, ProviderCustomer, ProviderInvoice, ProviderInvoiceRow, ProviderPayment, RefundRow, SubscriptionRow } from "./types";
