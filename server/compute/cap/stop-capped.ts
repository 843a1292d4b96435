import { recordAudit } from "@/server/tenancy";
import type { Context } from "@/server/platform/context";
import type { Transaction } from "@/server/platform/transaction";
import { announce, wake } from "@/server/platform/wake";
import { recordEventsOf } from "../instance/record-events";
import type { InstanceRow } from "../types";
import { selectRunning, selectStoppedByCap, updatePower } from "./store";

/** What should run of an organization, and what only its cap on spending had stopped. */
export async function listCapped(tx: Transaction, organizationId: string): Promise<{ readonly running: readonly Pick<InstanceRow, "id" | "flavorId" | "createdAt">[]; readonly stopped: readonly Pick<InstanceRow, "id" | "flavorId">[] }> {
  return { running: await selectRunning(tx, organizationId), stopped: await selectStoppedByCap(tx, organizationId) };
}

/** Stops machines at their organization's cap on spending, with the usual grace for the guest. Disks, addresses and everything else stay. */
export async function stopForCap(tx: Transaction, context: Context, instanceIds: readonly string[]): Promise<void> {
  if (instanceIds.length === 0) return;
  const now = context.clock.now();
  await tell(tx, context, await updatePower(tx, instanceIds, { desiredPower: "stopped", powerDecidedBy: "cap", stopRequestedAt: now, updatedAt: now }), "stopped-at-cap");
}

/** Starts machines again that only the cap had stopped; there has to be room for them under it. */
export async function startAfterCap(tx: Transaction, context: Context, instanceIds: readonly string[]): Promise<void> {
  if (instanceIds.length === 0) return;
  await tell(tx, context, await updatePower(tx, instanceIds, { desiredPower: "running", powerDecidedBy: "tenant", stopRequestedAt: null, updatedAt: context.clock.now() }), "started-below-cap");
}

async function tell(tx: Transaction, context: Context, rows: readonly InstanceRow[], kind: string): Promise<void> {
  await recordEventsOf(tx, context, rows.map((row) => ({ instanceId: row.id, organizationId: row.organizationId, kind })));
  for (const row of rows) await announce(tx, { organizationId: row.organizationId, topic: "instance", id: row.id });
  for (const row of rows) await recordAudit(tx, context, { organizationId: row.organizationId, action: `instance.${kind}`, targetKind: "instance", targetId: row.id });
  await wake(tx, "place-instances", "converge-instances");
}
