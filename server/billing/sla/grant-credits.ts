import type { Context } from "@/server/platform/context";
import { mintId } from "@/server/platform/id";
import { inTransaction } from "@/server/platform/transaction";
import { recordAudit } from "@/server/tenancy";
import { grantCreditIn } from "../credit";
import { creditBasisPoints, creditMicros, downtimeMs } from "./rules";
import { insertCredit, selectCredits, selectDowntime, updateCredit } from "./store";
import type { SlaCreditRow } from "./types";

/** Invoices this old were looked at while they were younger. */
const LOOK_BACK_MS = 40 * 86_400_000;

/**
 * Gives back what outages of a billed month are worth, once for each instance and month; it lands by itself on the next
 * invoice. A stop by the tenant is no outage. Answers how many credits.
 */
export async function grantSlaCredits(context: Context): Promise<number> {
  return inTransaction(context, async (tx) => {
    const now = context.clock.now();
    let granted = 0;
    for (const { outages, chargedMicros, ...about } of await selectDowntime(tx, new Date(now.getTime() - LOOK_BACK_MS))) {
      const downMs = downtimeMs(outages);
      const basisPoints = creditBasisPoints(downMs, about.periodEnd.getTime() - about.periodStart.getTime());
      const micros = creditMicros(Math.max(0, chargedMicros), basisPoints);
      const id = mintId("slaCredit", context);
      // A month with an outage too short for a credit has its row too: it was looked at.
      const made = await insertCredit(tx, { id, ...about, downtimeMs: downMs, creditBasisPoints: basisPoints, creditMicros: micros, outages: [...outages], grantId: null, createdAt: now });
      if (!made || micros <= 0) continue;
      const causes = [...new Set(outages.map((outage) => outage.cause))];
      const grant = await grantCreditIn(tx, context, {
        organizationId: about.organizationId, kind: "sla", currency: about.currency, amountMicros: micros, reference: causes.join(","), idempotencyKey: `sla:${about.instanceId}:${about.periodStart.toISOString()}`,
        reason: `Service level: ${about.instanceId} was down for ${Math.round(downMs / 1000)} s in the month from ${about.periodStart.toISOString().slice(0, 10)} (${causes.join(", ")}); ${basisPoints / 100} % of its charge`,
      });
      await updateCredit(tx, id, { grantId: grant.id });
      await recordAudit(tx, context, { organizationId: about.organizationId, action: "sla.credited", targetKind: "sla-credit", targetId: id, after: { instanceId: about.instanceId, downtimeMs: downMs, creditMicros: micros, causes } });
      granted += 1;
    }
    return granted;
  });
}

/** What outages were worth, with their causes. */
export function listSlaCredits(context: Context, input: { readonly organizationId: string }): Promise<readonly SlaCreditRow[]> {
  return inTransaction(context, (tx) => selectCredits(tx, input.organizationId), { readOnly: true });
}
