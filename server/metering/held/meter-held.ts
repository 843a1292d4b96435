import type { Context } from "@/server/platform/context";
import type { Transaction } from "@/server/platform/transaction";
import { insertUse } from "../store";
import { extendHeld, givenRelation, ownRelation, selectFreshHeld } from "./store";
import type { HeldUse } from "./types";

/** Our own records of disks, addresses and images. */
export function ownRecords(): "own" {
  return "own";
}

/** Opens, confirms and ends the windows of what is held, from the records of it. */
export async function meterHeld(tx: Transaction, context: Context, now: Date, held: "own" | readonly HeldUse[]): Promise<void> {
  const relation = (): ReturnType<typeof ownRelation> => (held === "own" ? ownRelation() : givenRelation(held));
  await extendHeld(tx, now, relation());
  const fresh = await selectFreshHeld(tx, now, relation());
  await insertUse(tx, context, fresh.map((row) => {
    const until = row.until === null ? null : new Date(row.until);
    const started = new Date(row.started);
    const over = until !== null && until <= now;
    const through = over ? until : now;
    return {
      organizationId: row.organization_id, meter: row.meter, resourceId: row.resource_id, instanceId: row.instance_id, flavorId: null, class: null, quantity: Number(row.quantity), vcpus: null, memoryMiB: null, hostId: null,
      storageClass: row.storage_class, movable: false, startedAt: started, endedAt: through > started ? through : started, closedAt: over ? now : null, closedReason: over ? ("deleted" as const) : null,
    };
  }));
}
