import { beginPurge, listPurgeDue, markPurged } from "@/server/compute";
import { hasPlace } from "@/server/fleet";
import { meterHeldResources } from "@/server/metering";
import { inTransaction } from "@/server/platform/transaction";
import type { LoopDefinition } from "./types";

/** Ends the time in the trash: disks become unwanted, converge removes them, and what is gone is gone for good. */
export const purgeTrashLoop: LoopDefinition = {
  name: "purge-trash",
  periodMs: 15_000,
  async pass({ context, wake, signal }) {
    const due = await inTransaction(context, (tx) => listPurgeDue(tx, context), { readOnly: true });
    let left = 0;
    for (const instanceId of due) {
      if (signal.aborted) break;
      const purged = await inTransaction(context, async (tx) => {
        if (!(await beginPurge(tx, context, instanceId))) return false;
        // While it has a place, something of it may still be on a host.
        return !(await hasPlace(tx, instanceId)) && markPurged(tx, context, instanceId);
      });
      if (!purged) left += 1;
    }
    if (left > 0) wake("converge-instances");
    return { backlog: left };
  },
};

/** Storage and addresses are metered from our own records, whether or not anything runs. */
export const meterResourcesLoop: LoopDefinition = {
  name: "meter-resources",
  periodMs: 60_000,
  async pass({ context }) {
    await inTransaction(context, (tx) => meterHeldResources(tx, context, context.clock.now()));
    return { backlog: 0 };
  },
};
