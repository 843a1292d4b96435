import { z } from "zod";
import { readUsageSummary, readUsageWindows } from "@/server/metering";
import { moment } from "../inputs";
import { memberProcedure, router } from "../trpc";

/** At most a year at once: a chart shows no more. */
const period = z.object({ from: moment.optional(), to: moment.optional() });

export const usageRouter = router({
  summary: memberProcedure("viewer")
    .input(period)
    .query(({ ctx, input }) => readUsageSummary(ctx.context, { organizationId: ctx.member.organizationId, ...input })),
  windows: memberProcedure("viewer")
    .input(period.extend({ instanceId: z.string().max(64).optional(), cursor: z.string().max(200).optional(), limit: z.number().int().min(1).max(100).default(50) }))
    .query(({ ctx, input }) => readUsageWindows(ctx.context, { ...input, organizationId: ctx.member.organizationId })),
});
