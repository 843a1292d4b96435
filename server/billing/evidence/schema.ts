import { z } from "zod";

const meter = z.enum(["instance", "storage", "address", "snapshot", "image", "desktop"]);
const category = z.enum(["standard", "reduced", "exempt"]);
const ms = z.number().int();
const micros = z.number().int();
const big = z.string().regex(/^-?\d+$/).transform((text) => BigInt(text));

const usageWindow = z.object({
  id: z.string(), meter, resourceId: z.string(), instanceId: z.string(), flavorId: z.string().nullable(), storageClass: z.string().nullable().optional(), quantity: z.number().int(), movable: z.boolean().optional(), startedAtMs: ms, endedAtMs: ms,
});
const price = z.object({
  id: z.string(), meter, flavorId: z.string().nullable(), storageClass: z.string().nullable().optional(), currency: z.string(), microsPerHour: micros, validFromMs: ms, incrementSeconds: z.number().int().optional(),
  minimumSeconds: z.number().int().optional(), minimumMicros: micros.optional(), monthlyCapMicros: micros.nullable().optional(), tiers: z.array(z.object({ fromUnitHours: z.number().int(), microsPerHour: micros })).optional(),
  includedUnitHours: z.number().int().optional(), movableDiscountBasisPoints: z.number().int().optional(), taxCategory: category.optional(),
});
const commitment = z.object({ id: z.string(), meter, flavorId: z.string().nullable(), units: z.number().int(), microsPerHour: micros, startMs: ms, endMs: ms, taxCategory: category.optional() });
const discount = z.object({ id: z.string(), kind: z.enum(["coupon", "credit"]), basisPoints: z.number().int(), startMs: ms, endMs: ms, meters: z.array(meter).nullable(), leftMicros: big.nullable(), coversFees: z.boolean().optional() });
const period = z.object({ startMs: ms, endMs: ms });
const rates = z.object({ standard: z.number().int(), reduced: z.number().int(), exempt: z.number().int() });
const terms = z.object({ windows: z.array(usageWindow), prices: z.array(price), period, currency: z.string(), commitments: z.array(commitment).optional(), taxRates: rates.optional() });
const late = z.array(usageWindow.extend({ direction: z.enum(["add", "withdraw"]) }));

/** An evidence file, version 1. What came out is compared as text, so only what it is rated from is read. */
export const evidenceFile = z.object({
  invoiceId: z.string(),
  organizationId: z.string(),
  madeAt: z.string(),
  timeZone: z.string(),
  input: terms.extend({ discounts: z.array(discount).optional() }),
  latePeriods: z.array(z.object({ closed: terms, known: late, late })),
  outcome: z.record(z.string(), z.unknown()),
  key: z.object({ id: z.string(), algorithm: z.literal("Ed25519"), publicKey: z.string() }),
  signature: z.string(),
});
export type EvidenceFile = z.output<typeof evidenceFile>;
