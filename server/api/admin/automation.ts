import { z } from "zod";
import { changeUpdate, decideAdvice, exportEnergy, getAutomation, getIncident, listAdvice, listCertificates, listIncidents, listUpdates, previewAutomation, readPowerTimeline, startUpdate, updateAutomation } from "@/server/fleet";
import { automationInput, clusterIdInput, hostIdInput, updateInput } from "@/server/fleet/schema";
import { operatorProcedure, router } from "../trpc";

const one = z.object({ clusterId: clusterIdInput });
const advice = z.object({ adviceId: z.string().min(1).max(64) });
const incident = z.object({ incidentId: z.string().min(1).max(64) });

/** What clusters do by themselves: settings, plans that wait for a word, proofs, power, incidents. */
export const adminAutomationRouter = router({
  get: operatorProcedure("auditor").input(one).query(({ ctx, input }) => getAutomation(ctx.context, input.clusterId)),
  update: operatorProcedure("admin").input(automationInput).mutation(({ ctx, input }) => updateAutomation(ctx.context, input)),
  preview: operatorProcedure("auditor").input(automationInput).query(({ ctx, input }) => previewAutomation(ctx.context, input)),
  exportEnergy: operatorProcedure("auditor").input(z.object({ reportId: z.string().min(1).max(64) })).query(({ ctx, input }) => exportEnergy(ctx.context, input.reportId)),
  advice: operatorProcedure("auditor").input(one).query(({ ctx, input }) => listAdvice(ctx.context, input.clusterId)),
  acceptAdvice: operatorProcedure("admin").input(advice).mutation(async ({ ctx, input }) => ({ state: (await decideAdvice(ctx.context, input.adviceId, true)).state })),
  dismissAdvice: operatorProcedure("admin").input(advice).mutation(async ({ ctx, input }) => ({ state: (await decideAdvice(ctx.context, input.adviceId, false)).state })),
  certificates: operatorProcedure("auditor").input(one).query(({ ctx, input }) => listCertificates(ctx.context, input.clusterId)),
  powerTimeline: operatorProcedure("auditor").input(one.extend({ days: z.number().int().min(1).max(31).default(7) })).query(({ ctx, input }) => readPowerTimeline(ctx.context, input)),
  updates: operatorProcedure("auditor").input(one).query(({ ctx, input }) => listUpdates(ctx.context, input.clusterId)),
  startUpdate: operatorProcedure("admin").input(updateInput).mutation(async ({ ctx, input }) => ({ updateId: (await startUpdate(ctx.context, input)).id })),
  changeUpdate: operatorProcedure("admin")
    .input(z.object({ updateId: z.string().min(1).max(64), to: z.enum(["pause", "resume", "abort"]) }))
    .mutation(async ({ ctx, input }) => ({ state: (await changeUpdate(ctx.context, input.updateId, input.to)).state })),
  incidents: operatorProcedure("auditor")
    .input(z.object({ clusterId: clusterIdInput.optional(), hostId: hostIdInput.optional(), cursor: z.string().max(64).nullish(), limit: z.number().int().min(1).max(100).default(20) }))
    .query(({ ctx, input }) => listIncidents(ctx.context, input)),
  incident: operatorProcedure("auditor").input(incident).query(({ ctx, input }) => getIncident(ctx.context, input.incidentId)),
});
