import { holdNetwork } from "@/server/compute";
import { recordAudit } from "@/server/tenancy";
import type { Context } from "@/server/platform/context";
import { notFound, Problem } from "@/server/platform/errors";
import { sentence } from "@/server/platform/sentences";
import { mintId } from "@/server/platform/id";
import { inTransaction, violatedConstraint } from "@/server/platform/transaction";
import { wakeAndAnnounce } from "@/server/platform/wake";
import { hasGoldenImage, selectImage, selectPublished } from "../golden/store";
import { requireOrganization } from "../rules";
import { createPoolInput, type CreatePoolInput } from "../schema";
import type { PoolRow } from "../types";
import { firstCluster, insertPool, selectFlavor } from "./store";

const DEFAULT_IDLE_MINUTES = 30;
const DEFAULT_SESSION_MINUTES = 12 * 60;
/** A presentation or a scan; a minute on a slow line. */
const DEFAULT_FILE_LIMIT_MIB = 64;
const MIB_PER_GIB = 1_024;

/** Makes a pool; a loop makes its desktops, as far as quota and fleet allow. */
export async function createPool(context: Context, input: CreatePoolInput): Promise<PoolRow> {
  const asked = createPoolInput.parse(input);
  const organizationId = requireOrganization(context);
  requireOrder(asked.minimumReady ?? 0, asked.maximum);
  try {
    return await inTransaction(context, async (tx) => {
      if (!(await hasGoldenImage(tx, organizationId, asked.goldenImageId))) throw notFound("golden image", asked.goldenImageId);
      const version = await selectPublished(tx, organizationId, asked.goldenImageId);
      if (!version) throw new Problem("conflict", sentence("refused-pool-unpublished"), { goldenImageId: asked.goldenImageId });
      const flavor = await selectFlavor(tx, asked.flavorId);
      if (!flavor || !flavor.onSale) throw notFound("flavor", asked.flavorId);
      const image = await selectImage(tx, organizationId, version.imageId);
      if (image && (image.minimumMemoryMiB > flavor.memoryMiB || image.virtualSizeMiB > flavor.diskGiB * MIB_PER_GIB)) {
        throw new Problem("bad-input", sentence("refused-pool-flavor", { neededMiB: image.minimumMemoryMiB, neededGiB: Math.ceil(image.virtualSizeMiB / MIB_PER_GIB), flavor: flavor.name, memoryMiB: flavor.memoryMiB, diskGiB: flavor.diskGiB }), { field: "flavorId" });
      }
      const clusterId = asked.networkId == null ? await firstCluster(tx) : (await holdNetwork(tx, organizationId, asked.networkId)).clusterId;
      if (clusterId === null) throw new Problem("conflict", sentence("refused-pool-no-cluster"));
      const now = context.clock.now();
      const pool = await insertPool(tx, {
        id: mintId("desktopPool", context), organizationId, clusterId, name: asked.name, kind: asked.kind, goldenImageId: asked.goldenImageId, versionId: version.id, flavorId: asked.flavorId, networkId: asked.networkId ?? null,
        minimumReady: asked.minimumReady ?? 0, maximum: asked.maximum, schedules: asked.schedules ?? [], learnsReady: asked.learnsReady ?? false, clipboardIn: asked.clipboardIn ?? true, clipboardOut: asked.clipboardOut ?? true,
        remoteResize: asked.remoteResize ?? true, filesIn: asked.filesIn ?? false, filesOut: asked.filesOut ?? false, fileLimitMiB: asked.fileLimitMiB ?? DEFAULT_FILE_LIMIT_MIB, recordsEvents: asked.recordsEvents ?? false,
        locale: asked.locale ?? null, keyboard: asked.keyboard ?? null,
        idleMinutes: asked.idleMinutes ?? DEFAULT_IDLE_MINUTES, sessionMinutes: asked.sessionMinutes ?? DEFAULT_SESSION_MINUTES, createdAt: now, createdBy: context.actor.id, updatedAt: now,
      });
      await recordAudit(tx, context, { action: "desktop-pool.created", targetKind: "desktop-pool", targetId: pool.id, after: { name: pool.name, kind: pool.kind, maximum: pool.maximum, flavorId: pool.flavorId, versionId: version.id, networkId: pool.networkId } });
      await wakeAndAnnounce(tx, ["keep-desktops"], { organizationId, topic: "desktop", id: pool.id });
      return pool;
    });
  } catch (error) {
    if (violatedConstraint(error) === "desktop_pool_name") throw new Problem("conflict", sentence("refused-pool-taken", { name: asked.name }), { field: "name" }, { cause: error });
    throw error;
  }
}

/** Throws where more should stand ready than may be. */
export function requireOrder(minimumReady: number, maximum: number): void {
  if (minimumReady > maximum) throw new Problem("bad-input", sentence("refused-pool-bounds", { minimumReady, maximum }), { field: "minimumReady" });
}
