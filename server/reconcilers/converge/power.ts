import { decideGuestShutdown, dropMemory, noteApplied, noteCrash, readGeneration, recordInstanceEvents, recordObservation, setPhase } from "@/server/compute";
import { DriverError } from "@/server/drivers/errors";
import type { DomainSpec, HypervisorHost } from "@/server/drivers/hypervisor/types";
import { claimOf, measureDecision, releaseAllocation, resizeAllocation } from "@/server/fleet";
import type { Context } from "@/server/platform/context";
import { inTransaction, type Transaction } from "@/server/platform/transaction";
import type { Pass } from "../types";
import { applied, conclude, Overtaken, placed, word, type Placed } from "./conclude";
import { CRASH_WINDOW_MS, memoryOf, sizesStand } from "./decide-step";
import { domainSpec } from "./domain-spec";
import { sayFollowed } from "./follow";
import { imageOf, isStillSo, lookIn, type FullView } from "./look";
import { resume } from "./suspend";
import { ensureVolumes, growVolumes } from "./volumes";

/** Brings the machine up at its place: room, disks, domain; each step is a no-op when it was done before. */
export async function start(pass: Pass, given: FullView): Promise<void> {
  const { context, machines } = pass;
  const view = placed(given);
  const host = machines.host(view.host);
  const roomy = await inTransaction(context, async (tx) => {
    if (!(await isStillSo(tx, context, view))) throw new Overtaken(`${view.desired.id} changed before it was started.`);
    if (await resizeAllocation(tx, view.desired.id, claimOf(view.desired))) return true;
    // It runs nowhere, so it may look for another place; place-instances says why if there is none.
    return false;
  });
  if (!roomy) return unplace(pass, view);
  const [image] = await Promise.all([imageOf(context, view.desired), ensureVolumes(pass, view, host)]);
  const spec = domainSpec({ ...view, image });
  const startedAt = context.clock.now();
  const resumed = await resume(pass, view, host, spec);
  if (!resumed) {
    // What goes on sees its disks as they were; they grow while it runs.
    await growVolumes(pass, view, host);
    await startAfresh(host, spec);
  }
  await conclude(pass, view, async (tx) => {
    const { desired } = view;
    const now = context.clock.now();
    // What went on has the sizes and the boot that it had; a change that was asked for before is still to be made.
    const fresh = { vcpus: desired.vcpus, memoryMiB: desired.memoryMiB, bootGeneration: desired.bootGeneration, rebuildGeneration: desired.rebuildGeneration };
    await recordObservation(tx, context, [word(view, "running", "started", now, { runningSince: startedAt, ...(resumed ? {} : fresh) })]);
    await setPhase(tx, context, [desired.id], null);
    if (resumed) await dropMemory(tx, context, desired.id);
    if (!resumed || sizesStand(desired)) await noteApplied(tx, context, applied(view));
    const followed = sayFollowed(view.follows);
    await recordInstanceEvents(tx, context, [{ instanceId: desired.id, kind: resumed ? "resumed" : "started", decisionId: view.allocation.decisionId, ...(followed ? { detail: { ...followed } } : {}) }]);
    const waitedMs = startedAt.getTime() - view.allocation.decidedAt.getTime();
    await measureDecision(tx, context, view.allocation.decisionId, { startedAt: now.toISOString(), restartMs: now.getTime() - view.allocation.decidedAt.getTime(), ...(followed ? { startOrder: { waitedMs, ...followed } } : {}) });
  });
  // Somebody may wait for their desktop: they are told now, and not when that loop looks next.
  pass.wake("keep-desktops");
}

async function startAfresh(host: HypervisorHost, spec: DomainSpec): Promise<void> {
  try {
    await host.startDomain(spec);
  } catch (error) {
    if (!(error instanceof DriverError) || error.code !== "already-exists") throw error;
    // An older life of it still runs on this very host; the allocation is newer, so that one has to go.
    await host.stopDomain(spec.instanceId, "destroy");
    await host.startDomain(spec);
  }
}

/** The boot that every machine begins with; a later one that was asked for meanwhile is still to be made. */
const FIRST_BOOT = 1;

/**
 * Asks once more for a machine that runs, because its first start was never noted. The host confirms the one that stands on the disks
 * that are wanted; one on other disks is started anew. Either way it is known from now on which disk it runs on.
 */
export async function confirmStart(pass: Pass, given: FullView): Promise<void> {
  const { context, machines } = pass;
  const view = placed(given);
  const host = machines.host(view.host);
  const [image] = await Promise.all([imageOf(context, view.desired), ensureVolumes(pass, view, host)]);
  await startAfresh(host, domainSpec({ ...view, image }));
  await conclude(pass, view, async (tx) => {
    await recordObservation(tx, context, [word(view, "running", "started", context.clock.now(), { bootGeneration: FIRST_BOOT, rebuildGeneration: view.desired.rebuildGeneration })]);
    await recordInstanceEvents(tx, context, [{ instanceId: view.desired.id, kind: "started", decisionId: view.allocation.decisionId }]);
  });
  pass.wake("keep-desktops");
}

/** Takes a machine that runs nowhere off its host, definition and all, and gives its place back. */
export async function unplace(pass: Pass, given: FullView): Promise<void> {
  const { context, machines } = pass;
  const view = placed(given);
  try {
    await machines.host(view.host).removeDomain(view.desired.id);
  } catch (error) {
    if (!(error instanceof DriverError && error.code === "not-found")) throw error;
  }
  await conclude(pass, view, async (tx) => {
    await recordObservation(tx, context, [word(view, "absent", "unknown", context.clock.now(), { runningSince: null })]);
    await releaseAllocation(tx, view.desired.id);
    if (view.desired.deletedAt || (await isPutAside(tx, context, view))) await noteApplied(tx, context, applied(view));
  });
}

/** Put aside is done when its place is free, and not when its memory is saved: what is done is not looked at again, and the place would be held for ever. */
async function isPutAside(tx: Transaction, context: Context, { desired }: Placed): Promise<boolean> {
  return desired.desiredPower === "suspended" && memoryOf(desired)?.state === "present" && sizesStand(desired) && (await readGeneration(tx, context, desired.id)) === desired.generation;
}

/** Asks the guest once; what it does with it is seen by the next observations. */
export async function askShutdown(pass: Pass, given: FullView): Promise<void> {
  const view = placed(given);
  await machinesOf(pass, view).stopDomain(view.desired.id, "shutdown");
}

/** Cuts the power; the domain stays defined, its disks stay. */
export async function cutPower(pass: Pass, given: FullView, why: "stop" | "rebuild" | "restart" | "delete"): Promise<void> {
  const { context } = pass;
  const view = placed(given);
  try {
    await machinesOf(pass, view).stopDomain(view.desired.id, "destroy");
  } catch (error) {
    if (!(error instanceof DriverError && error.code === "not-found")) throw error;
  }
  await conclude(pass, view, async (tx) => {
    await recordObservation(tx, context, [word(view, "stopped", "destroyed", context.clock.now(), { runningSince: null })]);
    if (why === "stop") await recordInstanceEvents(tx, context, [{ instanceId: view.desired.id, kind: "powered-off" }]);
  });
}

export async function reboot(pass: Pass, given: FullView): Promise<void> {
  const { context } = pass;
  const view = placed(given);
  await machinesOf(pass, view).rebootDomain(view.desired.id, view.desired.rebootMode);
  await conclude(pass, view, async (tx) => {
    const seen = (await lookIn(tx, context, view.desired.id))?.desired.observation;
    await recordObservation(tx, context, [word(view, seen?.state ?? "running", seen?.reason ?? "started", context.clock.now(), { bootGeneration: view.desired.bootGeneration })]);
    await recordInstanceEvents(tx, context, [{ instanceId: view.desired.id, kind: "rebooted", detail: { mode: view.desired.rebootMode } }]);
  });
}

export async function acceptGuestShutdown(pass: Pass, view: FullView): Promise<void> {
  await inTransaction(pass.context, (tx) => decideGuestShutdown(tx, pass.context, { instanceId: view.desired.id, generation: view.desired.generation }));
}

/** One crash more; how many there were stands in the database, so that the limit holds over workers that come and go. */
export async function noteGuestCrash(pass: Pass, given: FullView): Promise<void> {
  const { desired, allocation } = placed(given);
  const crashedAt = desired.observation?.observedAt;
  if (!crashedAt) return;
  await inTransaction(pass.context, (tx) => noteCrash(tx, { instanceId: desired.id, generation: desired.generation, epoch: allocation.epoch, crashedAt, windowMs: CRASH_WINDOW_MS }));
}

export async function concludeApplied(pass: Pass, view: FullView): Promise<void> {
  await conclude(pass, view, async (tx) => {
    await noteApplied(tx, pass.context, applied(view));
    if (view.desired.observation?.phase === "placed" || view.desired.desiredPower === "stopped") await setPhase(tx, pass.context, [view.desired.id], null);
  });
}

function machinesOf(pass: Pass, view: Placed) {
  return pass.machines.host(view.host);
}
