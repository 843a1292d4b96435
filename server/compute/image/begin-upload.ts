import { recordAudit } from "@/server/tenancy";
import type { Context } from "@/server/platform/context";
import { mintId } from "@/server/platform/id";
import { inTransaction } from "@/server/platform/transaction";
import { announce } from "@/server/platform/wake";
import { admitHold } from "@/server/quota";
import { imageVolumeName, storageGiBOf } from "./rules";
import { beginUploadInput, type BeginUploadInput } from "./schema";
import { insertImage } from "./store";

/**
 * Makes room for an image that is going to be sent, and holds its storage on the quota. An operator's image, made without
 * an organization, is offered to everybody once it is available.
 */
export async function beginUpload(context: Context, input: BeginUploadInput): Promise<{ readonly imageId: string }> {
  const asked = beginUploadInput.parse(input);
  const { organizationId } = context;
  return inTransaction(context, async (tx) => {
    const imageId = mintId("image", context);
    await insertImage(tx, {
      id: imageId, organizationId, name: asked.name, description: asked.description, bootKind: "disk", format: asked.format, volume: imageVolumeName(imageId, asked.format),
      // Known when the file has arrived and was looked at.
      virtualSizeMiB: 1,
      sizeBytes: asked.sizeBytes, sha256: asked.sha256 ?? "", minimumMemoryMiB: asked.minimumMemoryMiB, status: "importing", createdAt: context.clock.now(), createdBy: context.actor.id,
    });
    if (organizationId !== null) await admitHold(tx, context, { organizationId, subjectId: imageId, purpose: "image-import", amounts: { storageGiB: storageGiBOf(asked.sizeBytes) } });
    await announce(tx, { organizationId, topic: "image", id: imageId });
    await recordAudit(tx, context, { action: "image.upload-begun", targetKind: "image", targetId: imageId, after: { name: asked.name, format: asked.format, sizeBytes: asked.sizeBytes } });
    return { imageId };
  });
}
