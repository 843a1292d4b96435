import type { Context } from "@/server/platform/context";
import { notFound } from "@/server/platform/errors";
import { changeInstance } from "./change-instance";
import { requireImageFits } from "./rules";
import { rebuildInstanceInput, type RebuildInstanceInput } from "./schema";
import { insertVolumes, retireVolumes, selectImageFor, selectRootPool } from "./store";
import type { InstanceSummary } from "./types";
import { volumesOf } from "./plan-volumes";

/** Replaces the root disk by a fresh one of an image. Everything on the old disk is lost; name, address and size stay. */
export async function rebuildInstance(context: Context, input: RebuildInstanceInput): Promise<InstanceSummary> {
  const { instanceId, imageId } = rebuildInstanceInput.parse(input);
  return changeInstance(context, instanceId, "rebuild", async (row, tx) => {
    const image = await selectImageFor(tx, row.organizationId, imageId);
    if (!image) throw notFound("image", imageId);
    requireImageFits(image, row);
    const rebuildGeneration = row.rebuildGeneration + 1;
    const poolId = await selectRootPool(tx, row.id, row.rebuildGeneration);
    await retireVolumes(tx, row.id, rebuildGeneration);
    await insertVolumes(tx, volumesOf(context, { ...row, rebuildGeneration }, image, poolId));
    return { set: { imageId, rebuildGeneration }, event: "rebuild-requested", detail: { imageName: image.name }, before: { imageId: row.imageId }, after: { imageId } };
  });
}
