import { createInstance, deleteInstance, rebuildInstance, startInstance, stopInstance, suspendInstance } from "@/server/compute";
import type { Context } from "@/server/platform/context";
import { Problem } from "@/server/platform/errors";
import { inTransaction, type Transaction } from "@/server/platform/transaction";
import { announce } from "@/server/platform/wake";
import { deletePicture } from "../picture/store";
import { lockPool, updatePool } from "../pool/store";
import { machineName } from "../rules";
import { updateSession } from "../session/store";
import { mayBecome } from "../state";
import type { DesktopRow, DesktopWork } from "../types";
import type { DesktopStep } from "./decide-desktop";
import { endConsoles, endHolding, hasOpenConsole, lockDesktop, updateDesktop } from "./store";

/** Nothing of a desktop is kept when it goes: what should be kept is on a person's own storage. */
const NO_TRASH_SECONDS = 0;

/**
 * Takes one step about one desktop. Whatever the step asks of the machine is asked through the verbs that a tenant has, so quota, audit and
 * standing hold for it. True when the next step may follow at once.
 */
export async function advanceDesktop(given: Context, work: DesktopWork, step: DesktopStep): Promise<boolean> {
  const { desktop, instance } = work;
  const context: Context = { ...given, organizationId: desktop.organizationId };
  const instanceId = instance?.id ?? "";
  switch (step.kind) {
    case "none":
      return false;
    case "order":
      return order(context, work);
    case "start":
      return asked(context, work, () => startInstance(context, { instanceId }));
    case "suspend":
      // First the word, under the lock that a person who opens it takes too: who was faster is not put aside. Where the machine goes on, it is ready again.
      if (!(await become(context, desktop, "suspended"))) return true;
      return asked(context, work, () => suspendInstance(context, { instanceId }));
    case "power-off":
      return asked(context, work, () => stopInstance(context, { instanceId, force: true }));
    case "rebuild":
      return asked(context, work, () => rebuildInstance(context, { instanceId, imageId: work.imageId }));
    case "remove":
      return asked(context, work, () => deleteInstance(context, { instanceId, trashSeconds: NO_TRASH_SECONDS }));
    case "become":
      return write(context, desktop, () => ({ state: step.state, stateReason: step.reason, ...(step.unusedSince === undefined ? {} : { unusedSince: step.unusedSince }) }));
    case "session-ready":
      return write(context, desktop, async (tx) => {
        if (work.session) await updateSession(tx, work.session.id, { readyAt: context.clock.now() });
        return {};
      });
    case "begin-reset":
      return write(context, desktop, async (tx) => {
        // Given by hand and never opened: it stays theirs, and they find the new version in it.
        const isKept = desktop.assignedUserId !== null && desktop.usedByUserId === null;
        await endConsoles(tx, instanceId, context.clock.now(), step.reason);
        if (!isKept) await endHolding(tx, desktop.id, context.clock.now());
        await deletePicture(tx, desktop.id);
        return { state: "resetting", stateReason: step.reason, assignedUserId: isKept ? desktop.assignedUserId : null, versionId: work.pool.versionId, wipeGeneration: (instance?.rebuildGeneration ?? 0) + 1 };
      });
    case "clean":
      return write(context, desktop, () => ({ state: "ready", stateReason: null, usedByUserId: null, unusedSince: context.clock.now(), personalisedAt: null, personalisedAs: null }));
    case "end-session":
      return write(context, desktop, async (tx) => {
        // Its person came back since it was looked at.
        if (step.reason === "idle" && (await hasOpenConsole(tx, instanceId))) return {};
        await endConsoles(tx, instanceId, context.clock.now(), step.reason);
        if (work.session) await updateSession(tx, work.session.id, { endedAt: context.clock.now(), endReason: step.reason });
        // Idle since the person left: a desktop that is kept is put aside now, and not after the same time once more.
        return step.reason === "idle" ? {} : { unusedSince: context.clock.now() };
      });
    case "move-on":
      return write(context, desktop, async (tx) => {
        await endConsoles(tx, instanceId, context.clock.now(), step.reason);
        // With the time at which it was asked for it stands before everybody who came later.
        if (work.session) await updateSession(tx, work.session.id, { desktopId: null, given: "queued", readyAt: null });
        return { state: "retiring", stateReason: step.reason };
      });
    case "retired":
      return write(context, desktop, async (tx) => {
        await endHolding(tx, desktop.id, context.clock.now());
        await deletePicture(tx, desktop.id);
        return { state: "retired", retiredAt: context.clock.now(), assignedUserId: null };
      });
  }
}

/** Writes if the desktop is still as it was looked at; a step that was overtaken is decided anew at the next look. */
async function write(context: Context, seen: DesktopRow, change: (tx: Transaction) => Promise<Partial<DesktopRow>> | Partial<DesktopRow>): Promise<boolean> {
  return inTransaction(context, async (tx) => {
    const pool = await lockPool(tx, seen.poolId, null);
    const row = await lockDesktop(tx, seen.id);
    if (!pool || !row || row.state !== seen.state || row.assignedUserId !== seen.assignedUserId || row.usedByUserId !== seen.usedByUserId || row.instanceId !== seen.instanceId) return true;
    const set = await change(tx);
    if (set.state && !mayBecome(row.state, set.state)) throw new Error(`desktop ${row.id} cannot become ${set.state} from ${row.state}`);
    const changed = set.state !== undefined && set.state !== row.state;
    if (Object.keys(set).length > 0) await updateDesktop(tx, row.id, { ...set, ...(changed ? { stateChangedAt: context.clock.now() } : {}) });
    await announce(tx, { organizationId: row.organizationId, topic: "desktop", id: row.id });
    return true;
  });
}

/** As `write`; false when the desktop was no longer as it was looked at. */
async function become(context: Context, seen: DesktopRow, state: DesktopRow["state"]): Promise<boolean> {
  let became = false;
  await write(context, seen, () => {
    became = true;
    return { state };
  });
  return became;
}

/** The same key answers the same machine, so that a crash between order and note makes no second one. */
async function order(context: Context, work: DesktopWork): Promise<boolean> {
  const { desktop, pool } = work;
  return asked(context, work, async () => {
    const made = await createInstance(context, {
      name: machineName(pool.name, desktop.number), flavorId: pool.flavorId, imageId: work.imageId, clusterId: pool.clusterId, idempotencyKey: `desktop:${desktop.id}`,
      // Left out where there is none: the key stands for the same order as before there were networks to choose.
      ...(pool.networkId === null ? {} : { networkId: pool.networkId }),
    });
    await inTransaction(context, async (tx) => {
      await updateDesktop(tx, desktop.id, { instanceId: made.id });
      await announce(tx, { organizationId: desktop.organizationId, topic: "desktop", id: desktop.id });
    });
  });
}

/** A refusal (quota, standing, a state that changed meanwhile) is the pool's trouble to show, and is tried again by the period. */
async function asked(context: Context, work: DesktopWork, ask: () => Promise<unknown>): Promise<boolean> {
  try {
    await ask();
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    context.logger.info({ desktopId: work.desktop.id, poolId: work.pool.id, code: error.code, message: error.message }, "a step about a desktop was refused");
    await noteTrouble(context, work.pool.id, { code: error.code, text: error.message });
    return false;
  }
  if (work.pool.troubleCode !== null) await noteTrouble(context, work.pool.id, null);
  return true;
}

async function noteTrouble(context: Context, poolId: string, trouble: { readonly code: string; readonly text: string } | null): Promise<void> {
  await inTransaction(context, async (tx) => {
    const pool = await lockPool(tx, poolId, null);
    if (!pool || (pool.troubleCode === (trouble?.code ?? null) && pool.troubleText === (trouble?.text ?? null))) return;
    await updatePool(tx, poolId, { troubleCode: trouble?.code ?? null, troubleText: trouble?.text ?? null });
    await announce(tx, { organizationId: pool.organizationId, topic: "desktop", id: poolId });
  });
}
