import type { Context } from "@/server/platform/context";
import { changeInstance } from "./change-instance";
import { instanceRef, type InstanceRef } from "./schema";
import type { InstanceSummary } from "./types";

/** Ends the trash period now. The loops remove domain, disks and address; the data cannot be brought back. */
export async function purgeInstance(context: Context, input: InstanceRef): Promise<InstanceSummary> {
  const { instanceId } = instanceRef.parse(input);
  return changeInstance(context, instanceId, "purge", (row) => {
    const now = context.clock.now();
    if (row.purgeAfter && row.purgeAfter.getTime() <= now.getTime()) return null;
    return { set: { purgeAfter: now, stopGraceSeconds: 0 }, event: "purge-requested", wakes: ["purge-trash"], before: { purgeAfter: row.purgeAfter?.toISOString() ?? null }, after: { purgeAfter: now.toISOString() } };
  });
}
