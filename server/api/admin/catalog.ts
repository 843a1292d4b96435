import { addPriceVersion, createFlavor, listAllFlavors, listPriceVersions, setOnSale } from "@/server/catalog";
import { addPriceVersionInput, createFlavorInput, setOnSaleInput } from "@/server/catalog/schema";
import { beginUpload, listImages, removeImage } from "@/server/compute";
import { beginUploadInput, imageRef } from "@/server/compute/image/schema";
import { operatorProcedure, router } from "../trpc";

export const adminCatalogRouter = router({
  flavors: operatorProcedure("auditor").query(({ ctx }) => listAllFlavors(ctx.context)),
  createFlavor: operatorProcedure("admin").input(createFlavorInput).mutation(({ ctx, input }) => createFlavor(ctx.context, input)),
  setOnSale: operatorProcedure("admin").input(setOnSaleInput).mutation(({ ctx, input }) => setOnSale(ctx.context, input)),
  prices: operatorProcedure("auditor").query(({ ctx }) => listPriceVersions(ctx.context)),
  addPriceVersion: operatorProcedure("admin").input(addPriceVersionInput).mutation(({ ctx, input }) => addPriceVersion(ctx.context, input)),
  images: operatorProcedure("auditor").query(({ ctx }) => listImages(ctx.context)),
  /** An image for everybody; its file is sent to `uploadUrl` with PUT. */
  beginImageUpload: operatorProcedure("admin").input(beginUploadInput).mutation(async ({ ctx, input }) => {
    const { imageId } = await beginUpload(ctx.context, input);
    return { imageId, uploadUrl: `${ctx.portalUrl}/api/images/upload/${imageId}` };
  }),
  removeImage: operatorProcedure("admin").input(imageRef).mutation(({ ctx, input }) => removeImage(ctx.context, input)),
});
