import { DriverError } from "@/server/drivers/errors";
import type { OffWitness } from "@/server/drivers/power/types";
import { closeHostUsage } from "@/server/metering";
import { changeHostState, confirmFencing, lockHostRow, noteFencingAttempt, noteSecondCut, readFencings, readFleet, readPowerConfigs, requestFencing, secondPowerOf, type ClusterRow, type FencingRow, type Fleet, type HostRow } from "@/server/fleet";
import { sentence, type Sentence } from "@/server/platform/sentences";
import { inTransaction } from "@/server/platform/transaction";
import { asPowerConfig } from "./enrol/preflight";
import { isCutInVain, isDisagreement, livesOn, type HostPower } from "./fence/host-power";
import { LAST_LOOK_MS, renewsLease } from "./fence/last-look";
import { putBack, switchOnAll } from "./fence/switch-on-all";
import { switchOnAgain } from "./fence/switch-on-again";
import type { LoopDefinition, Pass, PassOutcome } from "./types";

const PERIOD_MS = 1_000;
const STATUS_TIMEOUT_MS = 2_000;
/** Between two questions to the controller of a host that is silent and not yet given up. */
const ASK_AGAIN_MS = 500;
/** A controller that answers takes well under a second to cut the power; a slow one gets this. */
const OFF_TIMEOUT_MS = 10_000;
/** Where a second device stands by, a controller that is silent for so long is not waited for. */
const FIRST_TIMEOUT_MS = 3_000;
/** Tries that did not confirm, before the operator is asked; the loop goes on trying meanwhile. */
const ATTEMPTS_BEFORE_BLOCKED = 2;
const BLOCKED_RETRY_MS = 5_000;
const FENCINGS_READ = 5;

/**
 * Makes sure that a silent host is dead, and says so only when its own controller confirmed it. A silent host may still
 * run its instances: until it is known dead they stay where they are.
 */
export const fenceHostsLoop: LoopDefinition = {
  name: "fence-hosts",
  periodMs: PERIOD_MS,
  async pass(pass) {
    const fleet = await readFleet(pass.context);
    let backlog = 0;
    let againInMs = PERIOD_MS;
    for (const cluster of fleet.clusters.values()) {
      const outcome = await fenceInCluster(pass, fleet, cluster);
      backlog += outcome.backlog;
      againInMs = Math.min(againInMs, outcome.againInMs ?? PERIOD_MS);
    }
    switchOnAgain(pass, fleet);
    return { backlog, againInMs };
  },
};

async function fenceInCluster(pass: Pass, fleet: Fleet, cluster: ClusterRow): Promise<PassOutcome> {
  const nowMs = pass.context.clock.nowMs();
  const hosts = [...fleet.hosts.values()].filter((host) => host.clusterId === cluster.id);
  // A host in maintenance is empty, and whoever works on it may restart it: nothing waits for its death.
  const silent = hosts.filter((host) => ["suspect", "unreachable", "fencing"].includes(host.state) && !host.maintenance);
  if (silent.length === 0) return { backlog: 0 };
  const powers = await readPowerConfigs(pass.context, silent.map((host) => host.id));
  const braked = isBraked(cluster, hosts, silentOf(hosts));
  let againInMs = PERIOD_MS;
  for (const host of silent) {
    const fencing = fleet.fencings.get(host.id);
    const silentMs = host.silentSince ? nowMs - host.silentSince.getTime() : 0;
    if (fencing) {
      if (fencing.state === "requested" || fencing.state === "blocked") pass.background(host.id, () => cutPower(pass, host, fencing, powers.get(host.id) ?? null));
      continue;
    }
    if (!host.silentSince) continue;
    const dueMs = cluster.fenceAfterSeconds * 1_000 - silentMs;
    if (braked) {
      if (dueMs <= 0) await hold(pass, host, silent.length, hosts.length, cluster);
      continue;
    }
    againInMs = Math.min(againInMs, Math.max(20, dueMs));
    if (dueMs > 0) {
      // A controller that says "off" of a silent host has seen it die: there is nothing to wait for.
      pass.background(`status ${host.id}`, () => askController(pass, host, cluster, silentMs, powers.get(host.id) ?? null));
    }
    if (host.leaseBeat === null ? dueMs <= 0 : dueMs <= LAST_LOOK_MS) pass.background(`silence ${host.id}`, () => concludeSilence(pass, fleet, host, cluster, dueMs));
  }
  return { backlog: silent.length, againInMs };
}

/** Many hosts silent at once means that something between them and us broke: fencing them all would be the outage. */
export function isBraked(cluster: Pick<ClusterRow, "fenceBrakeFraction">, hosts: readonly HostRow[], silent: readonly HostRow[]): boolean {
  // A host whose instances were already brought elsewhere neither counts as part of the fleet nor as silent.
  const counted = hosts.filter((host) => ["up", "suspect", "unreachable", "fencing", "isolated", "returning", "quarantined"].includes(host.state) && host.powerState !== "failed-to-wake");
  return silent.length > 1 && silent.length > counted.length * cluster.fenceBrakeFraction;
}

/** Everybody who does not answer counts, also those who are not suspected yet. */
function silentOf(hosts: readonly HostRow[]): HostRow[] {
  const suspected = (host: HostRow): boolean => ["suspect", "unreachable", "fencing"].includes(host.state);
  return hosts.filter((host) => !host.maintenance && (suspected(host) || (host.silentSince !== null && host.state !== "fenced" && host.state !== "asleep" && host.powerState !== "failed-to-wake")));
}

async function hold(pass: Pass, row: HostRow, silent: number, all: number, cluster: ClusterRow): Promise<void> {
  const { context } = pass;
  const reason = sentence("host-too-many-silent", { silent, hosts: all, allowedPercent: Math.round(cluster.fenceBrakeFraction * 100) });
  if (row.state === "unreachable" && row.stateReason === reason.text) return;
  await inTransaction(context, async (tx) => {
    const host = await lockHostRow(tx, row.id);
    if (host?.state !== "suspect" && host?.state !== "unreachable") return;
    await changeHostState(tx, context, host, "unreachable", reason);
  });
  context.logger.error({ host: row.name, silent, all }, "too many hosts are silent at once; none is fenced");
}

/** Its time is over, and no neighbour has seen it renew its lease. */
async function concludeSilence(pass: Pass, fleet: Fleet, host: HostRow, cluster: ClusterRow, dueMs: number): Promise<void> {
  if (host.leaseBeat !== null && (await renewsLease(pass, fleet, host, dueMs))) {
    pass.context.logger.info({ host: host.name }, "a silent host renews its lease; it is not fenced");
    pass.wake("watch-leases");
    return;
  }
  // Others may have fallen silent while it was looked at.
  const hosts = [...(await readFleet(pass.context, { allocations: false })).hosts.values()].filter((one) => one.clusterId === cluster.id);
  if (pass.signal.aborted || isBraked(cluster, hosts, silentOf(hosts))) return;
  const silentMs = host.silentSince ? pass.context.clock.nowMs() - host.silentSince.getTime() : 0;
  await request(pass, host, cluster, silentMs, sentence("host-silent-for", { silentSeconds: Math.round(silentMs / 100) / 10, allowedSeconds: cluster.fenceAfterSeconds }));
}

async function request(pass: Pass, host: HostRow, cluster: ClusterRow, silentMs: number, reason: Sentence): Promise<void> {
  const { context } = pass;
  const inputs = { silentMs, silentSince: host.silentSince?.toISOString() ?? null, lastSeenAt: host.lastSeenAt?.toISOString() ?? null, suspectAfterSeconds: cluster.suspectAfterSeconds, fenceAfterSeconds: cluster.fenceAfterSeconds };
  const row = await inTransaction(context, async (tx) => {
    // A host that answered since this pass began is not silent any more.
    const now = await lockHostRow(tx, host.id);
    return now?.silentSince ? requestFencing(tx, context, host.id, reason, inputs) : null;
  });
  if (row) context.logger.warn({ host: host.name, silentMs }, "fencing requested");
  if (row) pass.wake("fence-hosts");
}

async function askController(pass: Pass, host: HostRow, cluster: ClusterRow, silentMs: number, config: Record<string, unknown> | null): Promise<void> {
  if (!config) return;
  let off: OffWitness = "first";
  try {
    const power = pass.machines.hostPower(asPowerConfig(config), pass.context.clock);
    const seen = power.canFence ? await power.look(STATUS_TIMEOUT_MS) : null;
    if (seen?.state === "off") off = seen.by;
    else {
      // Its end wakes the loop, which asks again: a controller that answers in a millisecond would be asked a thousand times a second.
      await pass.context.clock.sleep(ASK_AGAIN_MS, pass.signal).catch(() => undefined);
      return;
    }
  } catch (error) {
    if (!(error instanceof DriverError)) throw error;
    pass.context.logger.debug({ host: host.name, err: error }, "the controller of a silent host does not answer yet");
    return;
  }
  await request(pass, host, cluster, silentMs, offSentence(off) ?? sentence("host-controller-off"));
}

/** Which device says "off", where it is not the controller alone. */
function offSentence(by: OffWitness): Sentence | null {
  return by === "first" ? null : sentence(by === "second" ? "host-off-second" : "host-off-both");
}

async function cutPower(pass: Pass, host: HostRow, fencing: FencingRow, config: Record<string, unknown> | null): Promise<void> {
  const { context, machines } = pass;
  if (!(await isStillWanted(pass, fencing))) return;
  let wasOff = false;
  let by: OffWitness | null = null;
  let power: HostPower | null = null;
  const mismatched = (fencing.lastErrorWords ?? []).some((word) => word.code === "fence-second-disagrees");
  try {
    if (!config) throw new DriverError("unsupported", `${host.name} has no fencing device.`);
    power = machines.hostPower(asPowerConfig(config), context.clock);
    if (!power.canFence) throw new DriverError("unsupported", `The power device of ${host.name} (${power.first.kind}) cannot confirm that it is off.`);
    by = await saysOff(power);
    // Once contradicted, its word alone does not count any more, also when whoever contradicted it has fallen silent.
    if (mismatched && by === "second") by = null;
    wasOff = by !== null && (by === "first" || !cutByUs(config, fencing));
    // A controller may take seconds to say nothing, and by then the host may be known dead by other means, and be back.
    if (!wasOff && !(await isStillWanted(pass, fencing))) return;
    by ??= await power.cut({ timeoutMs: OFF_TIMEOUT_MS, firstTimeoutMs: FIRST_TIMEOUT_MS, skipSecond: mismatched, beforeSecond: () => beginSecond(pass, host, fencing) });
    if (by === null) return;
    // A silent controller cannot contradict the outlet of another machine; a run-lease that goes on can.
    if (by === "second" && host.leaseBeat !== null && (await renewsLease(pass, await readFleet(context, { allocations: false }), host, 0))) throw livesOn(power, !wasOff);
  } catch (error) {
    if (!(error instanceof DriverError)) throw error;
    const blocked = fencing.attempts + 1 >= ATTEMPTS_BEFORE_BLOCKED;
    const disagree = isDisagreement(error) || mismatched;
    await inTransaction(context, (tx) => noteFencingAttempt(tx, context, host.id, disagree ? sentence("fence-second-disagrees", { error: error.message }) : error.message, blocked));
    // What was cut in vain may feed another machine.
    if (isCutInVain(error) && power?.second) await putBack(pass, host, power.second.device);
    context.logger.error({ host: host.name, attempts: fencing.attempts + 1, err: error }, "the host's death could not be confirmed; its instances stay");
    if (blocked) await context.clock.sleep(BLOCKED_RETRY_MS, pass.signal).catch(() => undefined);
    return;
  }
  if (!(await confirm(pass, host, wasOff, by)) && !wasOff) await undoLateCut(pass, host, fencing, config ?? {});
}

/** A worker that died over the order has cut it in this very fencing: then nobody may think that the host lost its power by itself. */
function cutByUs(config: Record<string, unknown>, fencing: FencingRow): boolean {
  const cutAt = secondPowerOf(config)?.cutAt ?? null;
  return cutAt !== null && Date.parse(cutAt) >= fencing.requestedAt.getTime();
}

/** Nobody knows from the outside what an order that was under way at a crash has cut, so it is written down first. */
async function beginSecond(pass: Pass, host: HostRow, fencing: FencingRow): Promise<boolean> {
  if (!(await isStillWanted(pass, fencing))) return false;
  await inTransaction(pass.context, (tx) => noteSecondCut(tx, pass.context, host.id));
  pass.context.logger.warn({ host: host.name }, "the second power device of a silent host is told to cut");
  return true;
}

/** It may have answered since, or be known dead already: then nobody's power is cut any more. */
async function isStillWanted(pass: Pass, fencing: FencingRow): Promise<boolean> {
  const now = (await readFleet(pass.context, { allocations: false })).fencings.get(fencing.hostId);
  return now?.id === fencing.id && (now.state === "requested" || now.state === "blocked");
}

/**
 * The order to cut the power was under way when the host answered again, or became known dead by its lease: it came too late and has put out a
 * host that may have been on its way back. It is switched on again; nobody else would, for it looks like one that lost its power by itself. One
 * that an operator vouched for, and that has not answered since, is off as they said, and stays so.
 */
async function undoLateCut(pass: Pass, host: HostRow, fencing: FencingRow, config: Record<string, unknown>): Promise<void> {
  const { context } = pass;
  const [row, now] = await inTransaction(context, async (tx) => [(await readFencings(tx, host.id, FENCINGS_READ)).find((one) => one.id === fencing.id), await lockHostRow(tx, host.id)] as const);
  if (!now || now.state === "retired" || (row?.method === "vouched" && now.state === "fenced")) return;
  context.logger.warn({ host: host.name, state: now.state }, "an order to cut the power came too late; the host is switched on again");
  try {
    await switchOnAll(pass, host.id, config, OFF_TIMEOUT_MS);
  } catch (error) {
    if (!(error instanceof DriverError)) throw error;
    context.logger.error({ host: host.name, err: error }, "a host that was switched off too late could not be switched on again; switch it on by hand");
  }
}

/** One question before the order: who switched it off matters to what follows. No answer is no "off"; the order is given all the same. */
async function saysOff(power: HostPower): Promise<OffWitness | null> {
  try {
    const seen = await power.look(STATUS_TIMEOUT_MS);
    return seen.state === "off" ? seen.by : null;
  } catch (error) {
    if (!(error instanceof DriverError)) throw error;
    return null;
  }
}

/** The device itself said `off`. Everything that follows from it begins in the same moment. False when nobody asks for its death any more. */
async function confirm(pass: Pass, host: HostRow, wasOff: boolean, by: OffWitness): Promise<boolean> {
  const { context } = pass;
  const fenced = await inTransaction(context, (tx) => confirmFencing(tx, context, host.id, wasOff ? "was-off" : "power", null, offSentence(by)));
  if (!fenced) return false;
  pass.wake("fail-over-instances");
  pass.wake("wake-hosts");
  context.logger.warn({ host: host.name }, "the host is confirmed dead");
  await inTransaction(context, (tx) => closeHostUsage(tx, context, { hostId: host.id, lastWord: host.lastSeenAt }));
  return true;
}

