import { DriverError } from "@/server/drivers/errors";
import { compareFigures, inWindows, measureLoss, noteCompared, noteDrill, orderDrill, readAutomations, readFleet, readLastDrills, readOpenDrills, readPowerConfigs, resultOf, type Automation, type DrillRow, type Fleet, type HostRow, type RehearsalRow } from "@/server/fleet";
import { Problem } from "@/server/platform/errors";
import { sentence, sentences, storedSentence, type Sentence } from "@/server/platform/sentences";
import { asPowerConfig } from "./enrol/preflight";
import { switchOnAll } from "./fence/switch-on-all";
import { lossFigures } from "./rehearse/compare";
import type { LoopDefinition, Pass } from "./types";

const PERIOD_MS = 60_000;
const BUSY_PERIOD_MS = 1_000;
const DAY_MS = 86_400_000;
const POWER_TIMEOUT_MS = 30_000;
/** A loss that is not over by then has gone wrong; the operator is told, and the host is switched on again. */
const GIVEN_UP_MS = 15 * 60_000;
/** A host without power that is still not back after this is left to the operator. */
const RETURN_GIVEN_UP_MS = 30 * 60_000;

/**
 * Crashes marked hosts on purpose, through their own controllers and without telling anybody: what follows is the same as
 * when they die by themselves, and is measured against the same loss rehearsed a moment before. Off unless a cluster says how often.
 */
export const drillHostsLoop: LoopDefinition = {
  name: "drill-hosts",
  periodMs: PERIOD_MS,
  async pass(pass) {
    const open = await readOpenDrills(pass.context);
    const fleet = await readFleet(pass.context);
    for (const { drill, rehearsal } of open) if (!pass.signal.aborted) await goOn(pass, fleet, drill, rehearsal);
    const busy = new Set(open.map(({ drill }) => drill.clusterId));
    for (const automation of (await readAutomations(pass.context)).values()) {
      if (!pass.signal.aborted && automation.drillDays > 0 && !busy.has(automation.clusterId)) await orderDue(pass, fleet, automation);
    }
    return { backlog: open.length, againInMs: open.length > 0 ? BUSY_PERIOD_MS : PERIOD_MS };
  },
};

/** One host of a cluster whose turn it is: only in the hours for drills, only while nothing else is wrong. */
async function orderDue(pass: Pass, fleet: Fleet, automation: Automation): Promise<void> {
  const { context } = pass;
  const now = context.clock.now();
  if (automation.drillWindows.length > 0 && !inWindows(automation.drillWindows, automation.timeZone, now)) return;
  const hosts = [...fleet.hosts.values()].filter((host) => host.clusterId === automation.clusterId && host.state !== "retired");
  if (!atRest(fleet, automation.clusterId, hosts)) return;
  const marked = hosts.filter((host) => host.drillable && host.state === "up" && !host.maintenance && !host.drainRequestedAt);
  const last = await readLastDrills(context, automation.clusterId, marked.map((host) => host.id));
  const dueMs = automation.drillDays * DAY_MS;
  if (last.ofCluster && now.getTime() - last.ofCluster.getTime() < dueMs) return;
  const [next] = marked.toSorted((a, b) => (last.of.get(a.id)?.getTime() ?? 0) - (last.of.get(b.id)?.getTime() ?? 0) || (a.id < b.id ? -1 : 1));
  if (!next) return;
  try {
    await orderDrill(context, next.id);
    context.logger.warn({ host: next.name }, "a drill begins: the host will be crashed on purpose");
  } catch (error) {
    // It was drained or lost since the fleet was read: the next pass looks again.
    if (!(error instanceof Problem)) throw error;
    context.logger.debug({ host: next.name, err: error }, "no drill now");
  }
}

function atRest(fleet: Fleet, clusterId: string, hosts: readonly HostRow[]): boolean {
  if (hosts.some((host) => !["up", "asleep"].includes(host.state) || host.drainRequestedAt !== null || host.powerState === "waking" || host.powerState === "falling-asleep")) return false;
  return ![...fleet.migrations.values()].some((move) => move.clusterId === clusterId) && ![...fleet.fencings.values()].some((fencing) => hosts.some((host) => host.id === fencing.hostId));
}

async function goOn(pass: Pass, fleet: Fleet, drill: DrillRow, rehearsal: RehearsalRow | null): Promise<void> {
  const host = fleet.hosts.get(drill.hostId);
  if (!host || !rehearsal) return fail(pass, drill, sentence("drill-gone"));
  if (drill.state === "crashing") return crash(pass, fleet, drill, rehearsal, host);
  if (drill.state === "watching") return watch(pass, drill, rehearsal, host);
  pass.background(`return ${host.id}`, () => restore(pass, drill, host));
}

async function fail(pass: Pass, drill: DrillRow, reason: Sentence): Promise<void> {
  await noteDrill(pass.context, drill.id, { state: "failed", reason, finishedAt: pass.context.clock.now() });
  pass.context.logger.error({ drillId: drill.id, reason: reason.text }, "a drill failed");
}

/** The power goes only when the rehearsal says that everything restarts. Written down before the call, so that a new worker finishes what this one began. */
async function crash(pass: Pass, fleet: Fleet, drill: DrillRow, rehearsal: RehearsalRow, host: HostRow): Promise<void> {
  const { context } = pass;
  if (rehearsal.state === "failed") return fail(pass, drill, sentence("drill-not-rehearsed", { error: rehearsal.error ?? "?" }));
  const result = resultOf(rehearsal);
  if (!result) return;
  if (drill.crashedAt === null) {
    const [refused] = result.refusals;
    if (refused) return fail(pass, drill, sentences(sentence("drill-no-place", { machines: result.refusals.length }), storedSentence(refused.text, refused.words)));
    if (!host.drillable || host.state !== "up") return fail(pass, drill, sentence("drill-not-in-service", { host: host.name }));
    if (!atRest(fleet, drill.clusterId, [...fleet.hosts.values()].filter((one) => one.clusterId === drill.clusterId && one.state !== "retired"))) return fail(pass, drill, sentence("drill-unrest"));
    await noteDrill(context, drill.id, { crashedAt: context.clock.now() });
  } else if (host.silentSince !== null || host.state !== "up") {
    await noteDrill(context, drill.id, { state: "watching" });
    return;
  }
  pass.background(`crash ${host.id}`, () => cut(pass, drill, host));
}

async function cut(pass: Pass, drill: DrillRow, host: HostRow): Promise<void> {
  const { context } = pass;
  try {
    const config = (await readPowerConfigs(context, [host.id])).get(host.id);
    if (!config) throw new DriverError("unsupported", `${host.name} has no power device.`);
    await pass.machines.hostPower(asPowerConfig(config), context.clock).forSleep().off({ timeoutMs: POWER_TIMEOUT_MS });
    await noteDrill(context, drill.id, { state: "watching" });
    context.logger.warn({ host: host.name }, "a drill has cut the power");
  } catch (error) {
    if (!(error instanceof DriverError)) throw error;
    // The call may have worked nevertheless: then the host is silent, and the next pass goes on from there.
    if (!error.outcomeUnknown) await fail(pass, drill, sentence("drill-not-cut", { host: host.name, error: error.message }));
  }
}

/** The incident of the loss says how it went, once it is over. */
async function watch(pass: Pass, drill: DrillRow, rehearsal: RehearsalRow, host: HostRow): Promise<void> {
  const { context } = pass;
  const crashedAt = drill.crashedAt ?? drill.orderedAt;
  const loss = await measureLoss(context, host.id, crashedAt);
  const result = resultOf(rehearsal);
  if (!loss) {
    if (context.clock.nowMs() - crashedAt.getTime() < GIVEN_UP_MS) return;
    await noteDrill(context, drill.id, { state: "restoring", reason: sentence("drill-not-over", { waitedSeconds: GIVEN_UP_MS / 1_000 }) });
    return;
  }
  const measured = lossFigures(loss, crashedAt);
  if (result) await noteCompared(context, rehearsal.id, { figures: compareFigures(result.foretold, measured), from: crashedAt.toISOString(), to: loss.closedAt.toISOString(), note: null });
  await noteDrill(context, drill.id, { state: "restoring", incidentId: loss.incidentId, measured });
}

/** Switched on again; the loops take it back as they would any host that returns. */
async function restore(pass: Pass, drill: DrillRow, host: HostRow): Promise<void> {
  const { context } = pass;
  const crashedAt = drill.crashedAt ?? drill.orderedAt;
  if (host.state === "up") {
    const late = drill.measured === null;
    await noteDrill(context, drill.id, { state: late ? "failed" : "done", finishedAt: context.clock.now(), measured: drill.measured === null ? null : { ...drill.measured, returnedMs: context.clock.nowMs() - crashedAt.getTime() } });
    return;
  }
  if (context.clock.nowMs() - crashedAt.getTime() > RETURN_GIVEN_UP_MS) return fail(pass, drill, sentence("drill-not-back", { host: host.name, waitedSeconds: RETURN_GIVEN_UP_MS / 1_000 }));
  try {
    const config = (await readPowerConfigs(context, [host.id])).get(host.id);
    if (!config) return;
    const off = host.state === "fenced" && (await pass.machines.hostPower(asPowerConfig(config), context.clock).look(POWER_TIMEOUT_MS)).state === "off";
    if (off) await switchOnAll(pass, host.id, config, POWER_TIMEOUT_MS);
  } catch (error) {
    if (!(error instanceof DriverError)) throw error;
    context.logger.warn({ host: host.name, err: error }, "the host of a drill could not be switched on yet; it is tried again");
  }
  // The end of this wakes the loop: a host that boots is asked once in a while.
  await context.clock.sleep(BUSY_PERIOD_MS, pass.signal).catch(() => undefined);
}
