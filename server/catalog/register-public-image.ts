import { recordAudit } from "@/server/tenancy";
import type { Context } from "@/server/platform/context";
import { Problem } from "@/server/platform/errors";
import { sentence } from "@/server/platform/sentences";
import { mintId } from "@/server/platform/id";
import { inTransaction } from "@/server/platform/transaction";
import { announce } from "@/server/platform/wake";
import { registerPublicImageInput, type RegisterPublicImageInput } from "./schema";
import { insertImage, selectPublicImage } from "./store";
import type { ImageRow } from "./types";

/**
 * Offers an image to everybody whose files stand in the storage pools already. The same content registered again answers
 * the image that is there; other content under the same volume name is refused, since disks may stand on it.
 */
export async function registerPublicImage(context: Context, input: RegisterPublicImageInput): Promise<ImageRow> {
  const image = registerPublicImageInput.parse(input);
  return inTransaction(context, async (tx) => {
    const known = await selectPublicImage(tx, image.volume);
    if (known?.sha256 === image.sha256) return known;
    if (known) throw new Problem("conflict", sentence("refused-volume-taken", { volume: image.volume, image: known.name }), { field: "volume", imageId: known.id });
    const now = context.clock.now();
    const made = await insertImage(tx, { ...image, id: mintId("image", context), organizationId: null, status: "available", uploadedAt: now, createdAt: now, createdBy: context.actor.id });
    await announce(tx, { organizationId: null, topic: "image", id: made.id });
    await recordAudit(tx, context, { organizationId: null, action: "image.registered", targetKind: "image", targetId: made.id, after: { name: made.name, volume: made.volume, sha256: made.sha256 } });
    return made;
  });
}
