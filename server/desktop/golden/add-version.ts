import { recordAudit } from "@/server/tenancy";
import type { Context } from "@/server/platform/context";
import { notFound, Problem } from "@/server/platform/errors";
import { sentence } from "@/server/platform/sentences";
import { mintId } from "@/server/platform/id";
import { inTransaction } from "@/server/platform/transaction";
import { wakeAndAnnounce } from "@/server/platform/wake";
import { requireOrganization } from "../rules";
import { addVersionInput, type AddVersionInput } from "../schema";
import type { GoldenVersionRow } from "../types";
import { ensureGoldenImage, insertVersion, selectImage } from "./store";

/**
 * Makes an image the next version of a golden image. A version never changes; before it can be published, a machine made of it has to
 * boot, answer through its agent and show a picture.
 */
export async function addVersion(context: Context, input: AddVersionInput): Promise<GoldenVersionRow> {
  const { goldenImageName, imageId, note } = addVersionInput.parse(input);
  const organizationId = requireOrganization(context);
  return inTransaction(context, async (tx) => {
    const image = await selectImage(tx, organizationId, imageId);
    if (!image) throw notFound("image", imageId);
    if (image.status !== "available") throw new Problem("conflict", sentence("refused-golden-image", { image: image.name, status: image.status }), { imageId, status: image.status });
    const now = context.clock.now();
    const golden = await ensureGoldenImage(tx, { id: mintId("goldenImage", context), organizationId, name: goldenImageName, createdAt: now, createdBy: context.actor.id });
    const version = await insertVersion(tx, { id: mintId("goldenVersion", context), organizationId, goldenImageId: golden.id, imageId, state: "checking", note, createdAt: now, createdBy: context.actor.id });
    await recordAudit(tx, context, { action: "golden-image.version-added", targetKind: "golden-image", targetId: golden.id, after: { name: golden.name, number: version.number, imageId } });
    await wakeAndAnnounce(tx, ["check-golden-images"], { organizationId, topic: "desktop", id: version.id });
    return version;
  });
}
