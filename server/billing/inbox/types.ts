import type { paymentEvent } from "@/db/schema/payment";

export type EventRow = typeof paymentEvent.$inferSelect;

/** One event of the provider's, whichever way it came. */
export interface IncomingEvent {
  readonly id: string;
  readonly type: string;
  readonly apiVersion: string | null;
  readonly occurredAt: Date;
  readonly objectKind: string | null;
  readonly objectId: string | null;
  readonly payload: Readonly<Record<string, unknown>>;
}

/** The object to read at the provider; what the event itself says of it is old already. */
export interface EventTarget {
  readonly kind: "invoice" | "payment" | "charge" | "refund" | "dispute" | "customer" | "link";
  readonly id: string;
}
