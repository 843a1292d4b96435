import type { Context } from "@/server/platform/context";
import { readQuota } from "./read-quota";
import { effectOfLimits } from "./rules";
import { limitsInput, type LimitsInput } from "./schema";
import type { LimitEffect } from "./types";

/** What new limits would do, without doing it. Lowering below what is in use takes nothing away. */
export async function previewLimits(context: Context, input: LimitsInput): Promise<LimitEffect[]> {
  const { organizationId, limits } = limitsInput.parse(input);
  return effectOfLimits(await readQuota(context, organizationId), limits);
}
