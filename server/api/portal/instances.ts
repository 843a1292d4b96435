import {
  createInstance, deleteInstance, getConsent, getInstance, getRestart, listInstances, previewResize, purgeInstance, readTimeline, rebootInstance, rebuildInstance, renameInstance, resizeInstance, restoreInstance, setConsent, setRestart, startInstance, stopInstance, suspendInstance,
} from "@/server/compute";
import { setConsentInput } from "@/server/compute/consent/schema";
import { setRestartInput } from "@/server/compute/restart/schema";
import { previewConsent } from "@/server/fleet";
import {
  createInstanceInput, deleteInstanceInput, instanceRef, listInstancesInput, rebootInstanceInput, rebuildInstanceInput, renameInstanceInput, resizeInstanceInput, restoreInstanceInput, stopInstanceInput, timelineInput,
} from "@/server/compute/instance/schema";
import { readInstanceUsage } from "@/server/metering";
import { moment } from "../inputs";
import { memberProcedure, router } from "../trpc";

const viewer = memberProcedure("viewer");
const operator = memberProcedure("operator");

export const instancesRouter = router({
  list: viewer.input(listInstancesInput).query(({ ctx, input }) => listInstances(ctx.context, input)),
  get: viewer.input(instanceRef).query(({ ctx, input }) => getInstance(ctx.context, input)),
  timeline: viewer.input(timelineInput).query(({ ctx, input }) => readTimeline(ctx.context, input)),
  usage: viewer.input(instanceRef.extend({ from: moment.optional(), to: moment.optional() })).query(({ ctx, input }) => readInstanceUsage(ctx.context, { ...input, organizationId: ctx.member.organizationId })),
  previewResize: viewer.input(resizeInstanceInput).query(({ ctx, input }) => previewResize(ctx.context, input)),
  create: operator.input(createInstanceInput).mutation(({ ctx, input }) => createInstance(ctx.context, input)),
  start: operator.input(instanceRef).mutation(({ ctx, input }) => startInstance(ctx.context, input)),
  stop: operator.input(stopInstanceInput).mutation(({ ctx, input }) => stopInstance(ctx.context, input)),
  /** Its memory is kept on the storage; `start` lets it go on. */
  suspend: operator.input(instanceRef).mutation(({ ctx, input }) => suspendInstance(ctx.context, input)),
  reboot: operator.input(rebootInstanceInput).mutation(({ ctx, input }) => rebootInstance(ctx.context, input)),
  rename: operator.input(renameInstanceInput).mutation(({ ctx, input }) => renameInstance(ctx.context, input)),
  resize: operator.input(resizeInstanceInput).mutation(({ ctx, input }) => resizeInstance(ctx.context, input)),
  rebuild: operator.input(rebuildInstanceInput).mutation(({ ctx, input }) => rebuildInstance(ctx.context, input)),
  moveConsent: viewer.input(instanceRef).query(({ ctx, input }) => getConsent(ctx.context, input)),
  previewMoveConsent: viewer.input(setConsentInput).query(({ ctx, input }) => previewConsent({ ...ctx.context, organizationId: ctx.member.organizationId }, input)),
  /** When the owner agrees to moves for balance or sleep; failures and maintenance do not ask. */
  setMoveConsent: operator.input(setConsentInput).mutation(({ ctx, input }) => setConsent(ctx.context, input)),
  /** Who comes back before whom when a host is lost. */
  restartOrder: viewer.input(instanceRef).query(({ ctx, input }) => getRestart(ctx.context, input)),
  setRestartOrder: operator.input(setRestartInput).mutation(({ ctx, input }) => setRestart(ctx.context, input)),
  /** Into the trash; `restore` brings it back until the time is over. */
  delete: operator.input(deleteInstanceInput.omit({ trashSeconds: true })).mutation(({ ctx, input }) => deleteInstance(ctx.context, input)),
  restore: operator.input(restoreInstanceInput).mutation(({ ctx, input }) => restoreInstance(ctx.context, input)),
  /** Ends the time in the trash now; the data is gone for good, so this is the owner's. */
  purge: memberProcedure("owner").input(instanceRef).mutation(({ ctx, input }) => purgeInstance(ctx.context, input)),
});
