import { z } from "zod";
import { listPublicFlavors, readUnitPrices } from "@/server/catalog";
import { listOffers } from "@/server/compute";
import { memberProcedure, publicProcedure, router } from "../trpc";

export const catalogRouter = router({
  flavors: memberProcedure("viewer").query(({ ctx }) => listOffers(ctx.context, ctx.member.organizationId)),
  prices: memberProcedure("viewer").query(({ ctx }) => readUnitPrices(ctx.context, ctx.member.organizationId)),
  /** What the public site shows; nobody needs to be signed in. */
  publicFlavors: publicProcedure.input(z.object({ currency: z.string().max(3).default("JPY") }).default({ currency: "JPY" })).query(({ ctx, input }) => listPublicFlavors(ctx.context, input)),
});
