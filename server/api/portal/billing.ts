import { z } from "zod";
import {
  draftInvoice, listCredits, listEvidenceKeys, listInvoiceLineWindows, listInvoices, listLineWindows, readBillingProfile, readBreakdown, readBudget, readInvoice, readLedger, redeemCoupon, removeBudget, setBillingProfile, setBudget,
} from "@/server/billing";
import { setBudgetInput } from "@/server/billing/budget/schema";
import { redeemCouponInput } from "@/server/billing/discount/schema";
import { setBillingProfileInput } from "@/server/billing/profile/schema";
import { moment } from "../inputs";
import { memberProcedure, router } from "../trpc";
import { paymentRouter } from "./payment";

const month = z.object({ at: moment.optional() });
const invoiceRef = z.object({ invoiceId: z.string().min(1).max(64) });

export const billingRouter = router({
  payment: paymentRouter,
  draft: memberProcedure("billing")
    .input(month)
    .query(({ ctx, input }) => draftInvoice(ctx.context, { organizationId: ctx.member.organizationId, at: input.at })),
  lineWindows: memberProcedure("billing")
    .input(month.extend({ key: z.string().max(200) }))
    .query(({ ctx, input }) => listLineWindows(ctx.context, { organizationId: ctx.member.organizationId, key: input.key, at: input.at })),
  /** By instance and by day, at list price. */
  breakdown: memberProcedure("billing").input(month).query(({ ctx, input }) => readBreakdown(ctx.context, { organizationId: ctx.member.organizationId, at: input.at })),
  /** PDF, CSV and evidence of each: GET /api/billing/invoices/<id>/pdf|csv|evidence. */
  invoices: memberProcedure("billing").query(({ ctx }) => listInvoices(ctx.context, { organizationId: ctx.member.organizationId })),
  invoice: memberProcedure("billing").input(invoiceRef).query(({ ctx, input }) => readInvoice(ctx.context, { organizationId: ctx.member.organizationId, invoiceId: input.invoiceId })),
  invoiceLineWindows: memberProcedure("billing")
    .input(invoiceRef.extend({ lineId: z.string().min(1).max(64) }))
    .query(({ ctx, input }) => listInvoiceLineWindows(ctx.context, { organizationId: ctx.member.organizationId, invoiceId: input.invoiceId, lineId: input.lineId })),
  ledger: memberProcedure("billing").query(({ ctx }) => readLedger(ctx.context, { organizationId: ctx.member.organizationId })),
  credits: memberProcedure("billing").query(({ ctx }) => listCredits(ctx.context, { organizationId: ctx.member.organizationId })),
  redeemCoupon: memberProcedure("billing").input(redeemCouponInput).mutation(({ ctx, input }) => redeemCoupon(ctx.context, { organizationId: ctx.member.organizationId, code: input.code })),
  evidenceKeys: memberProcedure("billing").query(({ ctx }) => listEvidenceKeys(ctx.context)),
  budget: memberProcedure("billing").query(({ ctx }) => readBudget(ctx.context, { organizationId: ctx.member.organizationId })),
  setBudget: memberProcedure("billing").input(setBudgetInput).mutation(({ ctx, input }) => setBudget(ctx.context, { ...input, organizationId: ctx.member.organizationId })),
  removeBudget: memberProcedure("billing").mutation(({ ctx }) => removeBudget(ctx.context, { organizationId: ctx.member.organizationId })),
  profile: memberProcedure("billing").query(({ ctx }) => readBillingProfile(ctx.context, { organizationId: ctx.member.organizationId })),
  setProfile: memberProcedure("billing").input(setBillingProfileInput).mutation(({ ctx, input }) => setBillingProfile(ctx.context, { ...input, organizationId: ctx.member.organizationId })),
});
