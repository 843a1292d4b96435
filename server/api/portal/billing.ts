import { z } from "zod";
import { draftInvoice, listLineWindows } from "@/server/billing";
import { moment } from "../inputs";
import { memberProcedure, router } from "../trpc";
import { paymentRouter } from "./payment";

const month = z.object({ at: moment.optional() });

export const billingRouter = router({
  payment: paymentRouter,
  draft: memberProcedure("billing")
    .input(month)
    .query(({ ctx, input }) => draftInvoice(ctx.context, { organizationId: ctx.member.organizationId, at: input.at })),
  lineWindows: memberProcedure("billing")
    .input(month.extend({ key: z.string().max(200) }))
    .query(({ ctx, input }) => listLineWindows(ctx.context, { organizationId: ctx.member.organizationId, key: input.key, at: input.at })),
});
