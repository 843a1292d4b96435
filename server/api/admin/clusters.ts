import { z } from "zod";
import { addPlacementRule, foundCluster, getCluster, listClusters, previewPlacementRule, previewPolicy, readPlacementRules, removePlacementRule, updatePolicy } from "@/server/fleet";
import { foundClusterInput } from "@/server/fleet/cluster/schema";
import { clusterIdInput, placementRuleInput, policyInput } from "@/server/fleet/schema";
import { operatorProcedure, router } from "../trpc";

export const adminClustersRouter = router({
  create: operatorProcedure("admin").input(foundClusterInput).mutation(({ ctx, input }) => foundCluster(ctx.context, input)),
  list: operatorProcedure("auditor").query(({ ctx }) => listClusters(ctx.context)),
  get: operatorProcedure("auditor").input(z.object({ clusterId: clusterIdInput })).query(({ ctx, input }) => getCluster(ctx.context, input.clusterId)),
  previewPolicy: operatorProcedure("auditor").input(policyInput).query(({ ctx, input }) => previewPolicy(ctx.context, input)),
  updatePolicy: operatorProcedure("admin").input(policyInput).mutation(({ ctx, input }) => updatePolicy(ctx.context, input)),
  rules: operatorProcedure("auditor").input(z.object({ clusterId: clusterIdInput })).query(({ ctx, input }) => readPlacementRules(ctx.context, input.clusterId)),
  previewRule: operatorProcedure("auditor").input(placementRuleInput).query(({ ctx, input }) => previewPlacementRule(ctx.context, input)),
  addRule: operatorProcedure("admin").input(placementRuleInput).mutation(async ({ ctx, input }) => ({ ruleId: (await addPlacementRule(ctx.context, input)).id })),
  removeRule: operatorProcedure("admin").input(z.object({ ruleId: z.string().min(1).max(64) })).mutation(async ({ ctx, input }) => {
    await removePlacementRule(ctx.context, input.ruleId);
    return { removed: true };
  }),
});
