import type { CREDIT_KINDS, creditGrant } from "@/db/schema/billing";

export type CreditGrantRow = typeof creditGrant.$inferSelect;
export type CreditKind = (typeof CREDIT_KINDS)[number];

/** A grant with what is left of it. */
export interface CreditGrantView extends CreditGrantRow {
  readonly usedMicros: number;
  readonly leftMicros: number;
}

export interface CreditGrantInput {
  readonly organizationId: string;
  readonly kind: CreditKind;
  readonly currency: string;
  /** Millionths of the currency's main unit. */
  readonly amountMicros: number;
  readonly reason: string;
  readonly reference?: string;
  /** Lower is used first among grants that expire together; default 100. */
  readonly priority?: number;
  readonly validFrom?: Date;
  /** Null: never. */
  readonly expiresAt?: Date | null;
  readonly idempotencyKey: string;
}
