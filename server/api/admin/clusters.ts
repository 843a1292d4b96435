import { z } from "zod";
import { foundCluster, getCluster, listClusters, previewPolicy, updatePolicy } from "@/server/fleet";
import { foundClusterInput } from "@/server/fleet/cluster/schema";
import { clusterIdInput, policyInput } from "@/server/fleet/schema";
import { operatorProcedure, router } from "../trpc";

export const adminClustersRouter = router({
  create: operatorProcedure("admin").input(foundClusterInput).mutation(({ ctx, input }) => foundCluster(ctx.context, input)),
  list: operatorProcedure("auditor").query(({ ctx }) => listClusters(ctx.context)),
  get: operatorProcedure("auditor").input(z.object({ clusterId: clusterIdInput })).query(({ ctx, input }) => getCluster(ctx.context, input.clusterId)),
  previewPolicy: operatorProcedure("auditor").input(policyInput).query(({ ctx, input }) => previewPolicy(ctx.context, input)),
  updatePolicy: operatorProcedure("admin").input(policyInput).mutation(({ ctx, input }) => updatePolicy(ctx.context, input)),
});
