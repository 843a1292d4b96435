import type { PUSH_KINDS, paymentPush } from "@/db/schema/payment";
import type { Sentence } from "@/server/platform/sentences";

export type PushRow = typeof paymentPush.$inferSelect;
export type PushKind = (typeof PUSH_KINDS)[number];

/** Something that has to be so at the payment provider. */
export interface PushWish {
  readonly organizationId: string;
  readonly kind: PushKind;
  /** The invoice, link, refund or hour that it is for; one row for each. */
  readonly subjectId: string;
  /** One call in flight for each lane; default: the organization's. */
  readonly lane?: string;
  readonly payload?: Readonly<Record<string, unknown>>;
}

/** An attempt that was written down before its call is made. */
export interface BegunPush {
  readonly push: PushRow;
  /** Beginning of the idempotency keys of this attempt. */
  readonly key: string;
  /** An earlier attempt has no known end: look at the provider before sending. */
  readonly lookFirst: boolean;
  readonly customerId: string | null;
}

export interface PushFailure {
  readonly error: Sentence;
  /** The provider keeps a failed answer under the key: the next attempt needs another one. */
  readonly freshKey: boolean;
  /** It can never succeed as it is: an operator has to look. */
  readonly stuck: boolean;
}

/** One item of an invoice as it goes to the provider. */
export interface PushItem {
  readonly key: string;
  readonly description: string;
  readonly amountMinor: number;
}
