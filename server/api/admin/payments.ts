import { z } from "zod";
import { addSubscription, endSubscription, extendDunning, listStandings, listSubscriptions, readDifferences, readDunningBoard, readPaymentOverview, readSyncState, requestComparison, requestRefund, retryPush } from "@/server/billing";
import { extendDunningInput } from "@/server/billing/dunning/schema";
import { addSubscriptionInput, requestRefundInput } from "@/server/billing/payment/schema";
import { idText } from "@/server/tenancy/schema";
import { operatorProcedure, router } from "../trpc";

export const adminPaymentsRouter = router({
  /** Organizations by standing and balance, the worst first. */
  standings: operatorProcedure("auditor").query(({ ctx }) => listStandings(ctx.context)),
  organization: operatorProcedure("auditor").input(z.object({ organizationId: idText })).query(({ ctx, input }) => readPaymentOverview(ctx.context, input)),
  dunningBoard: operatorProcedure("auditor").query(({ ctx }) => readDunningBoard(ctx.context)),
  extendDunning: operatorProcedure("support").input(extendDunningInput).mutation(({ ctx, input }) => extendDunning(ctx.context, input)),
  /** What waits for the provider, what is stuck, what came from it. */
  syncState: operatorProcedure("auditor").query(({ ctx }) => readSyncState(ctx.context)),
  retryPush: operatorProcedure("support").input(z.object({ pushId: idText })).mutation(({ ctx, input }) => retryPush(ctx.context, input)),
  /** Host facts, ledger, provider: one named row for each difference of the last comparison. */
  differences: operatorProcedure("auditor").query(({ ctx }) => readDifferences(ctx.context)),
  compareNow: operatorProcedure("support").mutation(({ ctx }) => requestComparison(ctx.context)),
  subscriptions: operatorProcedure("auditor").input(z.object({ organizationId: idText })).query(({ ctx, input }) => listSubscriptions(ctx.context, input)),
  addSubscription: operatorProcedure("support").input(addSubscriptionInput).mutation(({ ctx, input }) => addSubscription(ctx.context, input)),
  endSubscription: operatorProcedure("support").input(z.object({ subscriptionId: idText })).mutation(({ ctx, input }) => endSubscription(ctx.context, input)),
  refund: operatorProcedure("support").input(requestRefundInput).mutation(({ ctx, input }) => requestRefund(ctx.context, input)),
});
