import type { Context } from "@/server/platform/context";
import { notFound } from "@/server/platform/errors";
import { changeInstance, decidedBy } from "./change-instance";
import { requireStanding } from "./rules";
import { instanceRef, type InstanceRef } from "./schema";
import { selectStanding } from "./store";
import type { InstanceSummary } from "./types";

/** Asks for power; a suspended machine goes on where it was. Asked for already: nothing changes. Refused while the organization is suspended. */
export async function startInstance(context: Context, input: InstanceRef): Promise<InstanceSummary> {
  const { instanceId } = instanceRef.parse(input);
  return changeInstance(context, instanceId, "start", async (row, tx) => {
    const standing = await selectStanding(tx, row.organizationId);
    if (standing === null) throw notFound("instance", instanceId);
    requireStanding(standing, "start");
    if (row.desiredPower === "running") return null;
    return {
      set: { desiredPower: "running", stopRequestedAt: null, powerDecidedBy: decidedBy(context) },
      event: row.desiredPower === "suspended" ? "resume-requested" : "start-requested",
      before: { desiredPower: row.desiredPower },
      after: { desiredPower: "running" },
    };
  });
}
