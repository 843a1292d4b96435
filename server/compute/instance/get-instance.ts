import type { Context } from "@/server/platform/context";
import { notFound } from "@/server/platform/errors";
import { inTransaction } from "@/server/platform/transaction";
import { instanceRef, type InstanceRef } from "./schema";
import { selectDetailParts, selectSummary } from "./store";
import { toSummary } from "./read-summary";
import type { InstanceDetail, InstanceStatus } from "./types";

/** States with a screen to look at. */
const WITH_SCREEN: ReadonlySet<InstanceStatus> = new Set(["running", "stopping", "rebooting", "resizing", "migrating", "paused"]);

/** Everything of one instance that its tenant may see, also of one in the trash. */
export async function getInstance(context: Context, input: InstanceRef): Promise<InstanceDetail> {
  const { instanceId } = instanceRef.parse(input);
  return inTransaction(
    context,
    async (tx) => {
      const found = await selectSummary(tx, context, instanceId);
      if (!found) throw notFound("instance", instanceId);
      const { row, observation } = found;
      const { keys, addresses, volumes } = await selectDetailParts(tx, instanceId);
      const summary = toSummary(found, context.clock.now());
      return {
        ...summary,
        organizationId: row.organizationId,
        flavorId: row.flavorId,
        imageId: row.imageId,
        sshKeys: keys.map(({ deletedAt, ...key }) => ({ ...key, deleted: deletedAt !== null })),
        userData: row.userData,
        addresses,
        desiredPower: row.desiredPower,
        powerDecidedBy: row.powerDecidedBy,
        generation: row.generation,
        antiAffinityGroup: row.antiAffinityGroup,
        volumes,
        waiting: summary.status === "waiting-for-capacity" ? (observation?.waiting ?? null) : null,
        deletedAt: row.deletedAt,
        purgeAfter: row.purgeAfter,
        lastError: observation?.lastError ?? null,
        lastErrorAt: observation?.lastErrorAt ?? null,
        console: WITH_SCREEN.has(summary.status),
      };
    },
    { readOnly: true },
  );
}
