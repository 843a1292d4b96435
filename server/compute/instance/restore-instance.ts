import type { Context } from "@/server/platform/context";
import { admitHold } from "@/server/quota";
import { changeInstance } from "./change-instance";
import { committedPart, fullClaim, missingPart, requireStanding } from "./rules";
import { restoreInstanceInput, type RestoreInstanceInput } from "./schema";
import { selectStanding } from "./store";
import type { InstanceSummary } from "./types";

/** Takes an instance out of the trash, stopped. What of its quota was given back is asked for again; another name can be given. */
export async function restoreInstance(context: Context, input: RestoreInstanceInput): Promise<InstanceSummary> {
  const { instanceId, name } = restoreInstanceInput.parse(input);
  return changeInstance(context, instanceId, "restore", async (row, tx) => {
    requireStanding((await selectStanding(tx, row.organizationId)) ?? "suspended", "create");
    await admitHold(tx, context, { organizationId: row.organizationId, subjectId: row.id, purpose: "order", amounts: missingPart(fullClaim(row), committedPart(row)) });
    return {
      set: { deletedAt: null, purgeAfter: null, desiredPower: "stopped", name: name ?? row.name },
      event: "restored",
      after: { name: name ?? row.name },
    };
  });
}
