import { recordAudit } from "@/server/tenancy";
import type { Context } from "@/server/platform/context";
import { violatedConstraint, type Transaction } from "@/server/platform/transaction";
import { announce, wake } from "@/server/platform/wake";
import { recordEventsOf } from "../instance/record-events";
import type { InstanceRow } from "../types";
import { lockRunningOfSuspended, lockStoppedByStanding, writePower } from "./store";

/** So many in one transaction; the loop comes again for the rest. */
const BATCH = 200;

/**
 * Stops the machines of suspended organizations, with the usual grace for the guest, and starts again those that only a
 * suspension had stopped once it is over. Answers how many were changed.
 */
export async function enforceStanding(tx: Transaction, context: Context): Promise<number> {
  const now = context.clock.now();
  const stop = await lockRunningOfSuspended(tx, BATCH);
  if (stop.length > 0) await writePower(tx, stop.map((row) => row.id), { desiredPower: "stopped", powerDecidedBy: "standing", stopRequestedAt: now, updatedAt: now });
  const start = await lockStoppedByStanding(tx, BATCH);
  const started: InstanceRow[] = [];
  const capped: InstanceRow[] = [];
  for (const row of start) (await startAgain(tx, row, now) ? started : capped).push(row);
  await tell(tx, context, stop, "stopped-by-standing");
  await tell(tx, context, started, "started-after-suspension");
  await tell(tx, context, capped, "stopped-at-cap");
  if (stop.length + start.length > 0) await wake(tx, "place-instances", "converge-instances");
  return stop.length + start.length;
}

/** False when the cap on spending has no room for it: it stays off until there is, and keeps nobody else's machines waiting. */
async function startAgain(tx: Transaction, row: InstanceRow, now: Date): Promise<boolean> {
  try {
    await tx.transaction((inner) => writePower(inner, [row.id], { desiredPower: "running", powerDecidedBy: "tenant", stopRequestedAt: null, updatedAt: now }));
    return true;
  } catch (error) {
    if (violatedConstraint(error) !== "spend_cap") throw error;
    await writePower(tx, [row.id], { desiredPower: "stopped", powerDecidedBy: "cap", stopRequestedAt: null, updatedAt: now });
    return false;
  }
}

async function tell(tx: Transaction, context: Context, rows: readonly InstanceRow[], kind: string): Promise<void> {
  await recordEventsOf(tx, context, rows.map((row) => ({ instanceId: row.id, organizationId: row.organizationId, kind })));
  for (const row of rows) {
    await announce(tx, { organizationId: row.organizationId, topic: "instance", id: row.id });
    await recordAudit(tx, context, { organizationId: row.organizationId, action: `instance.${kind}`, targetKind: "instance", targetId: row.id });
  }
}
