import { z } from "zod";
import { getDecision, listDecisions } from "@/server/fleet";
import { decisionListInput } from "@/server/fleet/schema";
import { operatorProcedure, router } from "../trpc";

export const adminDecisionsRouter = router({
  list: operatorProcedure("auditor").input(decisionListInput).query(({ ctx, input }) => listDecisions(ctx.context, input)),
  get: operatorProcedure("auditor").input(z.object({ decisionId: z.string().max(64) })).query(({ ctx, input }) => getDecision(ctx.context, input.decisionId)),
});
