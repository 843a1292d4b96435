import { beginUpload, listImages, removeImage } from "@/server/compute";
import { beginUploadInput, imageRef } from "@/server/compute/image/schema";
import { memberProcedure, router } from "../trpc";

export const imagesRouter = router({
  list: memberProcedure("viewer").query(({ ctx }) => listImages(ctx.context)),
  /** The file itself is sent to `uploadUrl` with PUT; app/api/images/upload takes it. */
  beginUpload: memberProcedure("operator").input(beginUploadInput).mutation(async ({ ctx, input }) => {
    const { imageId } = await beginUpload(ctx.context, input);
    return { imageId, uploadUrl: `${ctx.portalUrl}/api/images/upload/${imageId}` };
  }),
  remove: memberProcedure("operator").input(imageRef).mutation(({ ctx, input }) => removeImage(ctx.context, input)),
});
