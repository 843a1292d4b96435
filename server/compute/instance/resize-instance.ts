import type { Context } from "@/server/platform/context";
import { sentence } from "@/server/platform/sentences";
import { admitHold } from "@/server/quota";
import { changeInstance } from "./change-instance";
import { effect, planResize } from "./plan-resize";
import { committedPart, fullClaim, missingPart } from "./rules";
import { resizeInstanceInput, type ResizeInstanceInput } from "./schema";
import { growRootVolume, selectObservationOf } from "./store";
import type { ChangeEffect, InstanceSummary } from "./types";

/**
 * Changes flavor or disk size. What grows is held on the quota now and committed when it is applied; what shrinks is
 * given back then. A disk only grows. Says whether it takes effect at once or with the next boot, as far as can be
 * known beforehand: the hypervisor and the guest have the last word, and the timeline says what became of it.
 */
export async function resizeInstance(context: Context, input: ResizeInstanceInput): Promise<InstanceSummary & ChangeEffect> {
  const asked = resizeInstanceInput.parse(input);
  let changes = effect("live", sentence("resize-none"));
  const summary = await changeInstance(context, asked.instanceId, "resize", async (row, tx) => {
    const planned = await planResize(tx, row, await selectObservationOf(tx, row.id), asked);
    if (!planned) return null;
    changes = planned.effect;
    const { sizes, flavorId } = planned;
    // An order that has no place yet has nothing committed: its own hold grows or shrinks.
    const purpose = row.quotaInstances === 0 ? "order" : "resize";
    await admitHold(tx, context, { organizationId: row.organizationId, subjectId: row.id, purpose, amounts: missingPart(fullClaim(sizes), committedPart(row)) });
    if (sizes.diskGiB > row.diskGiB) await growRootVolume(tx, row.id, row.rebuildGeneration, sizes.diskGiB);
    const before = { flavorId: row.flavorId, vcpus: row.vcpus, memoryMiB: row.memoryMiB, diskGiB: row.diskGiB };
    const after = { flavorId, ...sizes };
    return { set: after, event: "resize-requested", detail: { from: before, to: after }, before, after };
  });
  return { ...summary, ...changes };
}

