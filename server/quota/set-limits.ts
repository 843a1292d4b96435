import { recordAudit } from "@/server/tenancy";
import type { Context } from "@/server/platform/context";
import { inTransaction } from "@/server/platform/transaction";
import { announce } from "@/server/platform/wake";
import { readQuotaIn } from "./read-quota";
import { effectOfLimits } from "./rules";
import { limitsInput, type LimitsInput } from "./schema";
import { updateLimits } from "./store";
import { RESOURCES, type LimitEffect, type Quota } from "./types";

/** Sets new limits and answers their effect. What runs goes on, however low a limit becomes; new claims wait. */
export async function setLimits(context: Context, input: LimitsInput): Promise<LimitEffect[]> {
  const { organizationId, limits } = limitsInput.parse(input);
  return inTransaction(context, async (tx) => {
    const before = await readQuotaIn(tx, organizationId, { lock: true });
    await updateLimits(tx, context, organizationId, limits);
    await announce(tx, { organizationId, topic: "quota", id: organizationId });
    const after = await readQuotaIn(tx, organizationId);
    await recordAudit(tx, context, { organizationId, action: "quota.limits-set", targetKind: "organization", targetId: organizationId, before: limitsOf(before), after: limitsOf(after) });
    return effectOfLimits(before, limits);
  });
}

function limitsOf(quota: Quota): Record<string, number> {
  return Object.fromEntries(RESOURCES.map((resource) => [resource, quota.resources[resource].limit]));
}
