import { z } from "zod";
import { cancelDrain, cordonHost, drainHost, enterMaintenance, getHost, listHosts, orderFencing, previewDrain, readHostStory, requestEnrolment, retireHost, returnToService, setHostPower, setSecondPower, testSecondPower, uncordonHost, vouchDead, wakeHostNow } from "@/server/fleet";
import { clusterIdInput, enrolHostInput, hostIdInput, hostPowerInput, setSecondPowerInput } from "@/server/fleet/schema";
import { operatorProcedure, router } from "../trpc";

const one = z.object({ hostId: hostIdInput });

export const adminHostsRouter = router({
  list: operatorProcedure("auditor").input(z.object({ clusterId: clusterIdInput.optional() })).query(({ ctx, input }) => listHosts(ctx.context, input)),
  get: operatorProcedure("auditor").input(one).query(({ ctx, input }) => getHost(ctx.context, input.hostId)),
  preflight: operatorProcedure("admin").input(enrolHostInput).mutation(async ({ ctx, input }) => ({ hostId: (await requestEnrolment(ctx.context, input, { checkOnly: true })).id })),
  enroll: operatorProcedure("admin").input(enrolHostInput).mutation(async ({ ctx, input }) => ({ hostId: (await requestEnrolment(ctx.context, input, { checkOnly: false })).id })),
  cordon: operatorProcedure("admin").input(one).mutation(async ({ ctx, input }) => said(await cordonHost(ctx.context, input.hostId))),
  uncordon: operatorProcedure("admin").input(one).mutation(async ({ ctx, input }) => said(await uncordonHost(ctx.context, input.hostId))),
  previewDrain: operatorProcedure("auditor").input(one).query(({ ctx, input }) => previewDrain(ctx.context, input.hostId)),
  drain: operatorProcedure("admin").input(one).mutation(async ({ ctx, input }) => said(await drainHost(ctx.context, input.hostId))),
  cancelDrain: operatorProcedure("admin").input(one).mutation(async ({ ctx, input }) => said(await cancelDrain(ctx.context, input.hostId))),
  enterMaintenance: operatorProcedure("admin").input(one).mutation(async ({ ctx, input }) => said(await enterMaintenance(ctx.context, input.hostId))),
  returnToService: operatorProcedure("admin").input(one).mutation(async ({ ctx, input }) => said(await returnToService(ctx.context, input.hostId))),
  vouchDead: operatorProcedure("admin").input(one.extend({ statement: z.string().trim().min(1).max(500) })).mutation(async ({ ctx, input }) => said(await vouchDead(ctx.context, input.hostId, input.statement))),
  fence: operatorProcedure("admin").input(one).mutation(async ({ ctx, input }) => said(await orderFencing(ctx.context, input.hostId))),
  story: operatorProcedure("auditor").input(one).query(({ ctx, input }) => readHostStory(ctx.context, input.hostId)),
  setPower: operatorProcedure("admin").input(hostPowerInput).mutation(async ({ ctx, input }) => said(await setHostPower(ctx.context, input))),
  setSecondPower: operatorProcedure("admin").input(setSecondPowerInput).mutation(async ({ ctx, input }) => said(await setSecondPower(ctx.context, input))),
  testSecondPower: operatorProcedure("admin").input(one).mutation(async ({ ctx, input }) => said(await testSecondPower(ctx.context, input.hostId))),
  wake: operatorProcedure("admin").input(one).mutation(async ({ ctx, input }) => said(await wakeHostNow(ctx.context, input.hostId))),
  retire: operatorProcedure("admin").input(one).mutation(async ({ ctx, input }) => said(await retireHost(ctx.context, input.hostId))),
});

/** What a screen needs after a change; it reads the rest again. */
function said(host: { readonly id: string; readonly name: string; readonly state: string; readonly cordoned: boolean; readonly maintenance: boolean; readonly drainRequestedAt: Date | null }) {
  return { hostId: host.id, name: host.name, state: host.state, cordoned: host.cordoned, maintenance: host.maintenance, draining: host.drainRequestedAt !== null };
}
