import { listAllFlavors, type FlavorRow } from "@/server/catalog";
import { readConsents } from "@/server/compute";
import { countHostSleeps, getAutomation, listIncidents, predictSeconds, readMoveFacts, readPowerConfigs, takeSnapshot } from "@/server/fleet";
import { readDemand } from "@/server/metering";
import { inTransaction } from "@/server/platform/transaction";
import { readPast } from "../steer/past";
import { readClusterDemand, type ClusterDemand, type ViewSource } from "../steer/view";
import type { Pass } from "../types";

/** Long enough that a boot or a lull does not stand for the day. */
const WINDOW_MINUTES = 30;
const RECENT_MINUTES = 3;
const HOUR_MS = 3_600_000;
const INCIDENTS = 20;

/** Everything that a rehearsal knows of a live cluster: read once, never written. */
export interface Copy {
  readonly takenMs: number;
  readonly source: ViewSource;
  /** What the cluster wanted in the last two weeks. */
  readonly history: ClusterDemand;
  /** Hosts whose controller can confirm that they are off. */
  readonly canSleep: ReadonlySet<string>;
  /** How often each host slept within the hours that its cycles are counted in. */
  readonly slept: ReadonlyMap<string, number>;
  /** How much longer moves took here of late than the planner says; 1 is exact. */
  readonly movePace: number;
  /** Medians of the cluster's own losses, milliseconds; null where there was none. */
  readonly losses: { readonly detectMs: number | null; readonly fenceMs: number | null; readonly restartMs: number | null };
  readonly flavors: ReadonlyMap<string, FlavorRow>;
}

export async function readCopy(pass: Pick<Pass, "context">, clusterId: string): Promise<Copy> {
  const { context } = pass;
  const automation = await getAutomation(context, clusterId);
  const snapshot = await takeSnapshot(context, clusterId);
  const now = context.clock.now();
  const demand = await readDemand(context, clusterId, { minutes: WINDOW_MINUTES, recentMinutes: RECENT_MINUTES });
  const moves = await readMoveFacts(context, clusterId);
  const consents = new Map((await readConsents(context, clusterId)).map((consent) => [consent.instanceId, consent]));
  const powers = await readPowerConfigs(context, [...snapshot.hosts.keys()]);
  // Wake-on-LAN can wake and never confirm "off"; every other controller can.
  const canSleep = new Set([...powers].filter(([, config]) => config["kind"] !== "wol").map(([hostId]) => hostId));
  return {
    takenMs: now.getTime(),
    source: { automation, snapshot, demand, moves, consents, now, past: await readPast(context, clusterId) },
    history: await readClusterDemand(pass, clusterId),
    canSleep,
    slept: await countHostSleeps(context, clusterId, new Date(now.getTime() - automation.cycleHours * HOUR_MS)),
    movePace: await inTransaction(context, (tx) => predictSeconds(tx, context, clusterId, { predicted: { seconds: 1, downtimeMs: 0, gbMoved: 0 }, waves: 1 }), { readOnly: true }),
    losses: await readLosses(pass, clusterId),
    flavors: new Map((await listAllFlavors(context)).map((flavor) => [flavor.id, flavor])),
  };
}

async function readLosses(pass: Pick<Pass, "context">, clusterId: string): Promise<Copy["losses"]> {
  const { items } = await listIncidents(pass.context, { clusterId, limit: INCIDENTS });
  const ended = items.filter((one) => one.kind === "host-lost" && one.closedAt !== null && one.figures["method"] === "power");
  const number = (value: unknown): number[] => (typeof value === "number" && Number.isFinite(value) ? [value] : []);
  const restarts = ended.flatMap((one) => {
    const [total, detect, fence, back] = ["totalMs", "detectMs", "fenceMs", "back"].map((name) => number(one.figures[name])[0]);
    return total === undefined || detect === undefined || fence === undefined || !back ? [] : [Math.max(0, total - detect - fence)];
  });
  return { detectMs: median(ended.flatMap((one) => number(one.figures["detectMs"]))), fenceMs: median(ended.flatMap((one) => number(one.figures["fenceMs"]))), restartMs: median(restarts) };
}

function median(values: readonly number[]): number | null {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? null;
}

/** What is kept with a rehearsal, so that anyone can play it again; plain JSON, without anything that is a tenant's secret. */
export function inputsOf(copy: Copy): Record<string, unknown> {
  const { automation, snapshot, demand, moves, consents } = copy.source;
  const { cluster } = snapshot;
  return {
    takenAt: new Date(copy.takenMs).toISOString(),
    cluster: { id: cluster.id, name: cluster.name, suspectAfterSeconds: cluster.suspectAfterSeconds, fenceAfterSeconds: cluster.fenceAfterSeconds },
    automation: { ...automation },
    snapshot: snapshot.planner,
    hosts: [...snapshot.hosts.values()].map(({ id, name, state, powerState, cores, powerCurve, wakeSeconds, keepAwake }) => ({ id, name, state, powerState, cores, powerCurve, wakeSeconds, keepAwake, canSleep: copy.canSleep.has(id) })),
    demand: [...demand.values()],
    history: { endSeconds: copy.history.endSeconds, stepSeconds: 1_800, cpuMillicores: copy.history.cpuMillicores },
    consents: [...consents.values()].map(({ instanceId, timeZone, notDuring, noticeMinutes, movableForDiscount }) => ({ instanceId, timeZone, notDuring, noticeMinutes, movableForDiscount })),
    movesLastHour: moves.lastHour,
    movePace: copy.movePace,
    losses: copy.losses,
  };
}
