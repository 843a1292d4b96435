import type { Context } from "@/server/platform/context";
import { mintId } from "@/server/platform/id";
import { Problem } from "@/server/platform/errors";
import { sentence } from "@/server/platform/sentences";
import { changeInstance, decidedBy } from "./change-instance";
import { memoryVolumeName } from "./rules";
import { instanceRef, type InstanceRef } from "./schema";
import { insertVolumes, selectObservationOf, selectRootPool } from "./store";
import type { InstanceSummary } from "./types";

const MIB_PER_GIB = 1_024;

/**
 * Asks for the machine to be put aside as it is: its memory goes to a file of the storage, it takes no room on a host any more, and a start
 * lets it go on where it was. The file belongs to it before it exists, so that no disk is ever nobody's. Suspended
 * already: nothing changes.
 */
export async function suspendInstance(context: Context, input: InstanceRef): Promise<InstanceSummary> {
  const { instanceId } = instanceRef.parse(input);
  return changeInstance(context, instanceId, "suspend", async (row, tx) => {
    if (row.desiredPower === "suspended") return null;
    if (row.desiredPower === "stopped") throw new Problem("conflict", sentence("refused-suspend-stopped", { instance: row.name }), { instanceId });
    const seen = await selectObservationOf(tx, row.id);
    if (seen?.pendingBootReason) {
      throw new Problem("conflict", sentence("refused-suspend-pending", { instance: row.name }), { instanceId });
    }
    const poolId = await selectRootPool(tx, row.id, row.rebuildGeneration);
    await insertVolumes(tx, [
      {
        id: mintId("volume", context), organizationId: row.organizationId, instanceId: row.id, poolId, name: memoryVolumeName(row.id, row.generation + 1), kind: "memory", format: "raw",
        sizeGiB: Math.ceil(row.memoryMiB / MIB_PER_GIB), backingVolume: null, backingFormat: null, rebuildGeneration: row.rebuildGeneration, state: "wanted", createdAt: context.clock.now(),
      },
    ]);
    return {
      set: { desiredPower: "suspended", stopRequestedAt: null, powerDecidedBy: decidedBy(context) },
      event: "suspend-requested",
      before: { desiredPower: row.desiredPower },
      after: { desiredPower: "suspended" },
    };
  });
}
