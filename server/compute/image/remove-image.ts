import { recordAudit } from "@/server/tenancy";
import type { Context } from "@/server/platform/context";
import { notFound, Problem } from "@/server/platform/errors";
import { sentence } from "@/server/platform/sentences";
import { inTransaction } from "@/server/platform/transaction";
import { announce, wake } from "@/server/platform/wake";
import { releaseHold } from "@/server/quota";
import { imageRef, type ImageRef } from "./schema";
import { mayBecome } from "./state";
import { countGoldenVersions, countUsers, lockOwnImage, updateImage } from "./store";

/** Takes an image off the list and has its volume removed. Refused while a disk, or a version of a golden image, stands on it. */
export async function removeImage(context: Context, input: ImageRef): Promise<{ readonly imageId: string }> {
  const { imageId } = imageRef.parse(input);
  return inTransaction(context, async (tx) => {
    const row = await lockOwnImage(tx, context, imageId);
    if (!row || !mayBecome(row.status, "retired")) throw notFound("image", imageId);
    const users = await countUsers(tx, row.volume);
    if (users > 0) {
      throw new Problem("conflict", sentence("refused-image-used", { image: row.name, users }), { imageId, users });
    }
    const versions = await countGoldenVersions(tx, imageId);
    if (versions > 0) throw new Problem("conflict", sentence("refused-image-golden", { image: row.name, versions }), { imageId, versions });
    if (row.organizationId !== null) await releaseHold(tx, context, { organizationId: row.organizationId, subjectId: imageId, purpose: "image-import" });
    // Nothing of it reached the storage unless it was handed to the import.
    await updateImage(tx, imageId, { status: "retired", ...(row.uploadedAt === null ? { removedAt: context.clock.now() } : {}) });
    await wake(tx, "import-images");
    await announce(tx, { organizationId: row.organizationId, topic: "image", id: imageId });
    await recordAudit(tx, context, { organizationId: row.organizationId, action: "image.removed", targetKind: "image", targetId: imageId, before: { name: row.name, status: row.status } });
    return { imageId };
  });
}
