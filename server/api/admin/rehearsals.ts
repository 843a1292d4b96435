import { z } from "zod";
import { applyRehearsal, askRehearsal, exportRehearsal, getRehearsal, listDrills, listRehearsals, orderDrill } from "@/server/fleet";
import { askRehearsalInput, rehearsalIdInput } from "@/server/fleet/rehearsal/schema";
import { clusterIdInput, hostIdInput } from "@/server/fleet/schema";
import { operatorProcedure, router } from "../trpc";

const cluster = z.object({ clusterId: clusterIdInput });
const one = z.object({ rehearsalId: rehearsalIdInput });

/** What would happen if, asked of a copy of a cluster; and crashes on purpose. */
export const adminRehearsalsRouter = router({
  list: operatorProcedure("auditor").input(cluster).query(({ ctx, input }) => listRehearsals(ctx.context, input.clusterId)),
  get: operatorProcedure("auditor").input(one).query(({ ctx, input }) => getRehearsal(ctx.context, input.rehearsalId)),
  export: operatorProcedure("auditor").input(one).query(({ ctx, input }) => exportRehearsal(ctx.context, input.rehearsalId)),
  /** It writes a question and touches nothing else. */
  ask: operatorProcedure("support").input(askRehearsalInput).mutation(async ({ ctx, input }) => ({ rehearsalId: (await askRehearsal(ctx.context, input)).id })),
  carryOut: operatorProcedure("admin").input(one.extend({ evenIfChanged: z.boolean().default(false) })).mutation(({ ctx, input }) => applyRehearsal(ctx.context, input)),
  drills: operatorProcedure("auditor").input(cluster).query(({ ctx, input }) => listDrills(ctx.context, input.clusterId)),
  orderDrill: operatorProcedure("admin").input(z.object({ hostId: hostIdInput })).mutation(async ({ ctx, input }) => ({ drillId: (await orderDrill(ctx.context, input.hostId)).id })),
});
