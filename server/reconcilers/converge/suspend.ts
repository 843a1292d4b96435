import { abandonSuspend, dropMemory, giveBackMemory, markVolumes, recordInstanceEvents, recordObservation, useMemory, type VolumeView } from "@/server/compute";
import { DriverError } from "@/server/drivers/errors";
import { noteNoRoom, noteRoom } from "@/server/fleet";
import type { DomainSpec, HypervisorHost, MemoryImage } from "@/server/drivers/hypervisor/types";
import { inTransaction } from "@/server/platform/transaction";
import type { Pass } from "../types";
import { conclude, Overtaken, placed, word } from "./conclude";
import { disksOf, memoryOf } from "./decide-step";
import { isStillSo, type FullView } from "./look";

const BYTES_PER_MIB = 1_048_576;
const MIB_PER_GIB = 1_024;
/** The agent of a guest that has just gone on answers within seconds, or not at all. */
const CLOCK_TIMEOUT_MS = 10_000;
const NANOSECONDS_PER_MS = 1_000_000;

function imageOf(view: FullView, memory: VolumeView): MemoryImage {
  const pool = view.pools.get(memory.poolId);
  if (!pool) throw new Error(`The pool ${memory.poolId} of volume ${memory.id} is not one of its cluster.`);
  return { pool: pool.name, name: memory.name };
}

/** Puts the memory of a running machine into its file. A repetition after a lost reply only writes down what was done. */
export async function suspend(pass: Pass, given: FullView): Promise<void> {
  const { context, machines } = pass;
  const view = placed(given);
  const { desired } = view;
  const memory = memoryOf(desired);
  if (!memory) throw new Error(`${desired.id} should be suspended and has no memory volume.`);
  const to = imageOf(view, memory);
  const begunAt = context.clock.nowMs();
  let sizeBytes: number;
  try {
    ({ sizeBytes } = await machines.host(view.host).saveDomain({ instanceId: desired.id, epoch: view.allocation.epoch, to }));
  } catch (error) {
    if (!(error instanceof DriverError) || (error.code !== "insufficient" && error.code !== "unsupported")) throw error;
    const reason = error.code === "insufficient" ? "no-room" : "not-possible";
    context.logger.error({ instanceId: desired.id, host: view.host.name, err: error }, "a machine could not be suspended and goes on");
    const full = error.code === "insufficient" ? { clusterId: desired.clusterId, pool: to.pool, instanceId: desired.id, instance: desired.name, neededMiB: memory.sizeGiB * MIB_PER_GIB, error: error.message } : null;
    await inTransaction(context, async (tx) => {
      await abandonSuspend(tx, context, { instanceId: desired.id, generation: desired.generation, reason });
      // Its owner reads it on the machine; who runs the storage has to hear it, too.
      if (full) await noteNoRoom(tx, context, full);
    });
    return;
  }
  await conclude(pass, view, async (tx) => {
    await markVolumes(tx, context, [{ volumeId: memory.id, state: "present", observedSizeMiB: Math.ceil(sizeBytes / BYTES_PER_MIB) }]);
    await recordObservation(tx, context, [word(view, "stopped", "saved", context.clock.now(), { runningSince: null })]);
    await recordInstanceEvents(tx, context, [{ instanceId: desired.id, kind: "suspended", detail: { milliseconds: context.clock.nowMs() - begunAt, sizeMiB: Math.ceil(sizeBytes / BYTES_PER_MIB) } }]);
    await noteRoom(tx, context, { clusterId: desired.clusterId, pool: to.pool, instance: desired.name });
  });
}

/**
 * The machine that should be put aside stands still: the order ends and its owner hears why. One that a full storage holds goes on when
 * there is room, and who runs the storage hears of it; one that stands still for another reason is its owner's to restart (the hang
 * watcher does it where a watchdog bit), and the cluster's warnings name it for as long as that lasts.
 */
export async function abandonStill(pass: Pass, given: FullView, why: "held" | "stands-still"): Promise<void> {
  const { context } = pass;
  const { desired, pools } = placed(given);
  const memory = memoryOf(desired);
  const full = disksOf(desired).map(({ poolId }) => pools.get(poolId)).find((pool) => pool !== undefined && pool.availableMiB <= pool.capacityMiB * given.cluster.storageFloorFraction);
  const pool = full ?? (memory ? pools.get(memory.poolId) : undefined);
  await inTransaction(context, async (tx) => {
    const ended = await abandonSuspend(tx, context, { instanceId: desired.id, generation: desired.generation, reason: why });
    if (ended && pool && why === "held") await noteNoRoom(tx, context, { clusterId: desired.clusterId, pool: pool.name, instanceId: desired.id, instance: desired.name, neededMiB: (memory?.sizeGiB ?? 0) * MIB_PER_GIB, error: null });
  });
  context.logger.error({ instanceId: desired.id, pool: pool?.name, state: desired.observation?.state, reason: desired.observation?.reason }, why === "held" ? "a machine could not be suspended: a full storage holds it" : "a machine could not be suspended: it stands still");
  if (why === "stands-still") pass.wake("restart-hung-guests");
}

/** What becomes of a saved memory that nobody will go on from. */
export async function forgetMemory(pass: Pass, view: FullView): Promise<void> {
  const { context } = pass;
  await inTransaction(context, async (tx) => {
    if (!(await isStillSo(tx, context, view))) throw new Overtaken(`${view.desired.id} changed meanwhile.`);
    await dropMemory(tx, context, view.desired.id);
  });
}

/**
 * Lets the guest go on from its memory, at most once. True when it runs; false when there is nothing to go on from or it does not
 * fit: then its memory is dropped, its owner reads so, and it is to be started afresh.
 */
export async function resume(pass: Pass, given: FullView, host: HypervisorHost, spec: DomainSpec): Promise<boolean> {
  const { context } = pass;
  const view = placed(given);
  const { desired } = view;
  const memory = memoryOf(desired);
  if (!memory) return false;
  const use = { volumeId: memory.id, epoch: view.allocation.epoch };
  const claimed = await inTransaction(context, async (tx) => {
    if (!(await isStillSo(tx, context, view))) throw new Overtaken(`${desired.id} changed before it went on.`);
    if (await useMemory(tx, context, use)) return true;
    await drop(tx, memory.state === "present" ? "used" : "not-whole");
    return false;
  });
  if (!claimed) return false;
  try {
    await host.restoreDomain(spec, imageOf(view, memory));
  } catch (error) {
    if (!(error instanceof DriverError) || error.outcomeUnknown) throw error;
    if (error.code === "unsupported" || error.code === "not-found" || error.code === "already-exists") {
      context.logger.warn({ instanceId: desired.id, host: view.host.name, err: error }, "a suspended machine cannot go on and is started afresh");
      await inTransaction(context, (tx) => drop(tx, "does-not-fit"));
      return false;
    }
    await inTransaction(context, (tx) => giveBackMemory(tx, context, use));
    throw error;
  }
  setGuestClock(pass, host, desired.id);
  return true;

  async function drop(tx: Parameters<typeof dropMemory>[0], reason: string): Promise<void> {
    await dropMemory(tx, context, desired.id);
    await recordInstanceEvents(tx, context, [{ instanceId: desired.id, kind: "memory-dropped", detail: { reason } }]);
  }
}

/** A guest that goes on keeps the time at which it was put aside. One without an agent has to find out by itself. */
function setGuestClock(pass: Pass, host: HypervisorHost, instanceId: string): void {
  const { context } = pass;
  host.agentCommand(instanceId, "guest-set-time", { time: context.clock.nowMs() * NANOSECONDS_PER_MS }, { timeoutMs: CLOCK_TIMEOUT_MS }).catch((error: unknown) => {
    context.logger.info({ instanceId, err: error }, "the clock of a guest that went on could not be set");
  });
}
