import { z } from "zod";

export const setBudgetInput = z.object({
  /** Net, smallest coins of the organization's currency, for one billing period. */
  amountMinor: z.number().int().min(1).max(1_000_000_000_000),
  thresholdsPercent: z.array(z.number().int().min(1).max(1_000)).max(10).default([50, 80, 100]).transform((list) => [...new Set(list)].toSorted((a, b) => a - b)),
  /** Stop what runs when the amount is spent. Data is kept. */
  hardCap: z.boolean().default(false),
});
export type SetBudgetInput = z.input<typeof setBudgetInput>;
