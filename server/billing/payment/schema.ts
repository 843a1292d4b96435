import { z } from "zod";

/** More than any hosting bill is prepaid at once; what is typed by mistake is larger. */
const MOST_MINOR = 100_000_000;

export const requestLinkInput = z.object({
  kind: z.enum(["setup", "prepay", "portal"]),
  /** For `prepay`, in the smallest unit of the organization's currency. */
  amountMinor: z.number().int().min(1).max(MOST_MINOR).optional(),
  /** A path of the portal to come back to. */
  returnPath: z.string().max(200).regex(/^\/(?!\/)/, { error: "is a path of the portal" }),
});
export type RequestLinkInput = z.output<typeof requestLinkInput>;

export const addSubscriptionInput = z.object({
  organizationId: z.string().min(1).max(64),
  description: z.string().trim().min(1).max(200),
  /** Each month, without tax, in the smallest unit of the organization's currency. */
  amountMinor: z.number().int().min(50).max(MOST_MINOR),
});
export type AddSubscriptionInput = z.output<typeof addSubscriptionInput>;

export const requestRefundInput = z.object({
  paymentId: z.string().min(1).max(64),
  amountMinor: z.number().int().min(1).max(MOST_MINOR),
  reason: z.string().trim().min(1).max(500),
});
export type RequestRefundInput = z.output<typeof requestRefundInput>;
