import { z } from "zod";
import {
  addCommitment, createCoupon, draftInvoice, grantCredit, issueCreditNote, issueNow, listCoupons, listCredits, listInvoiceLineWindowsForStaff, listOrganizationInvoices, listParkedInvoices, previewPrices, readInvoiceForStaff, readIssuer, readMoney, releaseInvoice, setIssuer, voidCredit, voidInvoice,
} from "@/server/billing";
import { addCommitmentInput, createCouponInput, grantCreditInput } from "@/server/billing/discount/schema";
import { setIssuerInput } from "@/server/billing/profile/schema";
import { previewPricesInput } from "@/server/catalog/schema";
import { readTimeline } from "@/server/compute";
import { timelineInput } from "@/server/compute/instance/schema";
import { listDrift, listNewestPeriods } from "@/server/metering";
import { operatorProcedure, router } from "../trpc";

const id = z.string().min(1).max(64);
const invoiceRef = z.object({ invoiceId: id });
const organizationRef = z.object({ organizationId: id });
const reason = z.string().trim().min(1).max(500);

export const adminBillingRouter = router({
  issuer: operatorProcedure("auditor").query(({ ctx }) => readIssuer(ctx.context)),
  setIssuer: operatorProcedure("admin").input(setIssuerInput).mutation(({ ctx, input }) => setIssuer(ctx.context, input)),
  parkedInvoices: operatorProcedure("auditor").query(({ ctx }) => listParkedInvoices(ctx.context)),
  invoices: operatorProcedure("auditor").input(organizationRef).query(({ ctx, input }) => listOrganizationInvoices(ctx.context, input)),
  /** One invoice with its lines, and what a credit note may still take off. */
  invoice: operatorProcedure("auditor").input(invoiceRef).query(({ ctx, input }) => readInvoiceForStaff(ctx.context, input)),
  invoiceLineWindows: operatorProcedure("auditor").input(invoiceRef.extend({ lineId: id })).query(({ ctx, input }) => listInvoiceLineWindowsForStaff(ctx.context, input)),
  /** What happened to a machine while a window of it was billed. */
  instanceEvents: operatorProcedure("auditor").input(timelineInput).query(({ ctx, input }) => readTimeline(ctx.context, input)),
  /** Invoices, payments with what can be given back, commitments, discounts, service level and closed periods of one organization. */
  money: operatorProcedure("auditor").input(organizationRef).query(({ ctx, input }) => readMoney(ctx.context, input)),
  draft: operatorProcedure("auditor").input(organizationRef).query(({ ctx, input }) => draftInvoice(ctx.context, input)),
  /** Closes the period so far and invoices it. */
  issueNow: operatorProcedure("admin").input(organizationRef).mutation(({ ctx, input }) => issueNow(ctx.context, input)),
  releaseInvoice: operatorProcedure("admin").input(invoiceRef).mutation(({ ctx, input }) => releaseInvoice(ctx.context, input)),
  voidInvoice: operatorProcedure("admin").input(invoiceRef.extend({ reason })).mutation(({ ctx, input }) => voidInvoice(ctx.context, input)),
  issueCreditNote: operatorProcedure("admin")
    .input(invoiceRef.extend({ reason, amounts: z.array(z.object({ rateBasisPoints: z.number().int().min(0).max(10_000), netMinor: z.number().int().min(1) })).min(1).max(10), idempotencyKey: z.string().min(8).max(100) }))
    .mutation(({ ctx, input }) => issueCreditNote(ctx.context, input)),
  credits: operatorProcedure("auditor").input(organizationRef).query(({ ctx, input }) => listCredits(ctx.context, input)),
  grantCredit: operatorProcedure("support").input(grantCreditInput).mutation(({ ctx, input }) => grantCredit(ctx.context, input)),
  voidCredit: operatorProcedure("support").input(z.object({ grantId: id })).mutation(({ ctx, input }) => voidCredit(ctx.context, input)),
  coupons: operatorProcedure("auditor").query(({ ctx }) => listCoupons(ctx.context)),
  createCoupon: operatorProcedure("admin").input(createCouponInput).mutation(({ ctx, input }) => createCoupon(ctx.context, input)),
  addCommitment: operatorProcedure("admin").input(addCommitmentInput).mutation(({ ctx, input }) => addCommitment(ctx.context, input)),
  /** What other prices would have made of last month's use; changes nothing. */
  previewPrices: operatorProcedure("auditor")
    .input(previewPricesInput)
    .query(({ ctx, input }) => previewPrices(ctx.context, { currency: input.currency, prices: input.prices.map(({ flavorId = null, storageClass = null, ...price }) => ({ ...price, flavorId, storageClass })) })),
  periods: operatorProcedure("auditor").query(({ ctx }) => listNewestPeriods(ctx.context)),
  drift: operatorProcedure("auditor").query(({ ctx }) => listDrift(ctx.context)),
});
