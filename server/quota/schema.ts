import { z } from "zod";

/** Far above any real fleet and far below 2^53, so that sums stay exact. */
const limit = z.number().int().min(0).max(1_000_000_000);

export const limitsInput = z.object({
  organizationId: z.string().min(1).max(64),
  limits: z
    .object({ instances: limit, vcpus: limit, memoryMiB: limit, storageGiB: limit, publicAddresses: limit, snapshots: limit })
    .partial(),
});
export type LimitsInput = z.infer<typeof limitsInput>;
