import { z } from "zod";

const code = z.string().trim().toUpperCase().regex(/^[A-Z0-9][A-Z0-9-]{3,31}$/, { error: "is 4 to 32 letters, digits and dashes" });
const id = z.string().min(1).max(64);
const meters = z.array(z.enum(["instance", "storage", "address", "snapshot", "image", "desktop"])).min(1).nullable().default(null);

export const redeemCouponInput = z.object({ code });

export const createCouponInput = z.object({
  code,
  kind: z.enum(["trial", "percent"]),
  /** Hundredths of a percent; a trial takes all. */
  basisPoints: z.number().int().min(1).max(10_000).default(10_000),
  meters,
  currency: z.string().regex(/^[A-Z]{3}$/),
  maxMicros: z.number().int().min(1).nullable().default(null),
  durationDays: z.number().int().min(1).max(3_660),
  redeemableUntil: z.date().nullable().default(null),
  maxRedemptions: z.number().int().min(1).nullable().default(null),
});
export type CreateCouponInput = z.input<typeof createCouponInput>;

export const addCommitmentInput = z
  .object({ organizationId: id, meter: z.enum(["instance", "storage", "address", "snapshot", "image", "desktop"]), flavorId: id.nullable().default(null), units: z.number().int().min(1).max(100_000), microsPerHour: z.number().int().min(0), startsAt: z.date().optional(), endsAt: z.date() })
  .refine((one) => (one.meter === "instance") === (one.flavorId !== null), { path: ["flavorId"], error: "belongs to commitments of instances, and only to those" });
export type AddCommitmentInput = z.input<typeof addCommitmentInput>;

export const grantCreditInput = z.object({
  organizationId: id,
  kind: z.enum(["promotional", "goodwill", "sla", "trial"]),
  currency: z.string().regex(/^[A-Z]{3}$/),
  amountMicros: z.number().int().min(1),
  reason: z.string().trim().min(1).max(200),
  reference: z.string().max(100).optional(),
  priority: z.number().int().min(0).max(1_000).optional(),
  expiresAt: z.date().nullable().optional(),
  idempotencyKey: z.string().min(8).max(100),
});
