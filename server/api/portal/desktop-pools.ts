import { z } from "zod";
import { readHeldCosts } from "@/server/billing";
import {
  addVersion, assignDesktop, assignPeople, createPool, deletePool, endDesktopSession, getPool, listAssignments, listDesktops, listDesktopSessions, listGolden, listHoldings, listPictures, listPools, listSessionEvents, publishVersion, readCheckScreenshot, removeAssignment, renderCostsCsv, resetDesktop, retireVersion,
  rollOut, sumCosts, updatePool, watchPool,
} from "@/server/desktop";
import { addVersionInput, assignDesktopInput, assignInput, assignmentRef, createPoolInput, desktopRef, poolRef, rollOutInput, sessionRef, updatePoolInput, versionRef } from "@/server/desktop/schema";
import { moment } from "../inputs";
import { memberProcedure, router } from "../trpc";

const operator = memberProcedure("operator");
const admin = memberProcedure("admin");

/** Pools, golden images and who may use them: for those who run an organization's desktops. */
export const desktopPoolsRouter = router({
  list: operator.query(async ({ ctx }) => ({ items: await listPools(ctx.context) })),
  get: operator.input(poolRef).query(({ ctx, input }) => getPool(ctx.context, input)),
  desktops: operator.input(poolRef).query(async ({ ctx, input }) => ({ items: await listDesktops(ctx.context, input) })),
  sessions: operator.input(poolRef.partial()).query(async ({ ctx, input }) => ({ items: await listDesktopSessions(ctx.context, input.poolId === undefined ? {} : { poolId: input.poolId }) })),
  /** What the audit trail has of one session. */
  sessionEvents: admin.input(sessionRef).query(({ ctx, input }) => listSessionEvents(ctx.context, input)),
  assignments: operator.input(poolRef).query(async ({ ctx, input }) => ({ items: await listAssignments(ctx.context, input) })),
  create: admin.input(createPoolInput).mutation(async ({ ctx, input }) => ({ id: (await createPool(ctx.context, input)).id })),
  update: admin.input(updatePoolInput).mutation(async ({ ctx, input }) => ({ id: (await updatePool(ctx.context, input)).id })),
  /** Another published version, newer or older. */
  rollOut: admin.input(rollOutInput).mutation(async ({ ctx, input }) => ({ id: (await rollOut(ctx.context, input)).id })),
  delete: admin.input(poolRef).mutation(async ({ ctx, input }) => ({ id: (await deletePool(ctx.context, input)).id })),
  assign: admin.input(assignInput).mutation(({ ctx, input }) => assignPeople(ctx.context, input)),
  unassign: admin.input(assignmentRef).mutation(({ ctx, input }) => removeAssignment(ctx.context, input)),
  /** One desktop of a persistent pool, to a member who has not opened any yet. */
  assignDesktop: admin.input(assignDesktopInput).mutation(({ ctx, input }) => assignDesktop(ctx.context, input)),
  reset: admin.input(desktopRef).mutation(({ ctx, input }) => resetDesktop(ctx.context, input)),
  endSession: admin.input(sessionRef).mutation(({ ctx, input }) => endDesktopSession(ctx.context, input)),
  /** Small pictures of what the desktops show; `watch` has them taken for a minute. */
  pictures: admin.input(poolRef).query(async ({ ctx, input }) => ({ items: await listPictures(ctx.context, input) })),
  watch: admin.input(poolRef).mutation(({ ctx, input }) => watchPool(ctx.context, input)),
  /** Use and cost of the billing period around a moment (default: now), by pool and by person, and the same as a file. */
  costs: admin.input(z.object({ at: moment.optional() })).query(async ({ ctx, input }) => {
    const held = await listHoldings(ctx.context, input);
    const { rows, ...period } = await readHeldCosts(ctx.context, { ...input, organizationId: ctx.member.organizationId, instanceIds: held.machines.map(({ instanceId }) => instanceId), holdings: held.holdings });
    const costs = sumCosts(held, rows);
    return { ...period, ...costs, csv: renderCostsCsv(costs, period.currency) };
  }),
  goldenVersions: operator.query(async ({ ctx }) => ({ items: await listGolden(ctx.context) })),
  screenshot: operator.input(versionRef).query(({ ctx, input }) => readCheckScreenshot(ctx.context, input)),
  addVersion: admin.input(addVersionInput).mutation(async ({ ctx, input }) => ({ id: (await addVersion(ctx.context, input)).id })),
  publishVersion: admin.input(versionRef).mutation(async ({ ctx, input }) => ({ id: (await publishVersion(ctx.context, input)).id })),
  retireVersion: admin.input(versionRef).mutation(async ({ ctx, input }) => ({ id: (await retireVersion(ctx.context, input)).id })),
});
