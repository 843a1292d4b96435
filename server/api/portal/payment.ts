import { z } from "zod";
import { getLink, listSubscriptions, readDunning, readPaymentOverview, requestLink } from "@/server/billing";
import { requestLinkInput } from "@/server/billing/payment/schema";
import { idText } from "@/server/tenancy/schema";
import { memberProcedure, router } from "../trpc";

export const paymentRouter = router({
  /** Cards, tax ids, payments, disputes, and where open invoices can be paid by hand. */
  overview: memberProcedure("billing").query(({ ctx }) => readPaymentOverview(ctx.context, { organizationId: ctx.member.organizationId })),
  /** Flat amounts that come every month by themselves. */
  subscriptions: memberProcedure("billing").query(({ ctx }) => listSubscriptions(ctx.context, { organizationId: ctx.member.organizationId })),
  /** What follows from unpaid invoices, with every date; null when nothing is overdue. */
  dunning: memberProcedure("viewer").query(({ ctx }) => readDunning(ctx.context, { organizationId: ctx.member.organizationId })),
  /** Asks for a hosted page; its address follows with a change of the topic `payment`. */
  requestLink: memberProcedure("billing").input(requestLinkInput).mutation(({ ctx, input }) => requestLink(ctx.context, input, ctx.portalUrl)),
  link: memberProcedure("billing").input(z.object({ linkId: idText })).query(({ ctx, input }) => getLink(ctx.context, input.linkId)),
});
