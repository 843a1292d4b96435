import { inWindows, readAutomations, readFleet, requestWake, takeSnapshot, type Automation, type Fleet, type FleetSnapshot, type HostRow } from "@/server/fleet";
import { planFailover } from "@/server/planner";
import type { ClusterSnapshot } from "@/server/planner/types";
import { sentence, type Sentence } from "@/server/platform/sentences";
import { inTransaction } from "@/server/platform/transaction";
import { foreseeWake } from "./steer/foresee";
import { placeWaking } from "./steer/place-waking";
import { demandFits, FULL_FRACTION, steeringView } from "./steer/view";
import type { LoopDefinition, Pass } from "./types";

const PERIOD_MS = 15_000;
/** While orders wait. */
const BUSY_PERIOD_MS = 1_000;
const WINDOW_MINUTES = 10;
const DAY_MS = 86_400_000;
/** With this loop's period another host is woken within a minute of the one that was to come. */
const LEAST_PATIENCE_MS = 45_000;
/** A check of its file systems or a memory test makes a host slower than it ever was; it is only not counted on any more, and goes on waking. */
const PATIENCE_FACTOR = 1.5;
/** Orders looked at to decide how many hosts a burst needs. */
const QUEUE = 1_000;

/** Wakes sleeping hosts for whom somebody waits, for what is expected, when their time is over, and to prove that they can. */
export const wakeHostsLoop: LoopDefinition = {
  name: "wake-hosts",
  periodMs: PERIOD_MS,
  async pass(pass) {
    const fleet = await readFleet(pass.context);
    const automations = await readAutomations(pass.context);
    let backlog = 0;
    for (const cluster of fleet.clusters.values()) {
      if (pass.signal.aborted) break;
      const asleep = [...fleet.hosts.values()].filter((host) => host.clusterId === cluster.id && host.state === "asleep");
      if (asleep.length > 0) backlog += await wakeInCluster(pass, fleet, cluster.id, asleep, automations.get(cluster.id));
    }
    return { backlog, againInMs: backlog > 0 ? BUSY_PERIOD_MS : PERIOD_MS };
  },
};

async function wakeInCluster(pass: Pass, fleet: Fleet, clusterId: string, sleepers: readonly HostRow[], automation: Automation | undefined): Promise<number> {
  const nowMs = pass.context.clock.nowMs();
  const late = new Set(sleepers.filter((host) => isLate(host, nowMs)).map((host) => host.id));
  const asleep = sleepers.filter((host) => !late.has(host.id));
  const needed = await wakeForNeed(pass, fleet, clusterId, asleep, late);
  if (needed > 0) return needed;
  const sleeping = asleep.filter((host) => host.powerState === "asleep");
  if (sleeping.length === 0 || asleep.length > sleeping.length) return 0;
  if (automation === undefined || automation.consolidate === "off") return wake(pass, sleeping, sentence("wake-no-sleep"));
  const now = pass.context.clock.now();
  const rested = sleeping.filter((host) => now.getTime() - (host.powerStateChangedAt ?? now).getTime() >= automation.minAsleepSeconds * 1_000);
  if (automation.consolidateWindows.length > 0 && !inWindows(automation.consolidateWindows, automation.timeZone, new Date(now.getTime() + leadMs(sleeping)))) {
    return wake(pass, rested, sentence("wake-hours-end"));
  }
  const expected = await wakeForDemand(pass, automation, sleeping, late);
  return expected > 0 ? expected : testWake(pass, automation, sleeping);
}

/**
 * It was told to wake and takes clearly longer than it ever did: who needs a host needs another one. A host that was never seen to wake has the whole time of
 * its cluster (`wakeTimeoutSeconds`), after which it is given up like this one.
 */
function isLate(host: HostRow, nowMs: number): boolean {
  if (host.powerState !== "waking" || host.wakeSeconds === null || host.powerStateChangedAt === null) return false;
  return nowMs - host.powerStateChangedAt.getTime() >= Math.max(LEAST_PATIENCE_MS, host.wakeSeconds * 1_000 * PATIENCE_FACTOR);
}

/** The cluster without those who should have come by now. */
function without(planner: ClusterSnapshot, late: ReadonlySet<string>): ClusterSnapshot {
  return late.size === 0 ? planner : { ...planner, hosts: planner.hosts.map((host) => (late.has(host.id) ? { ...host, state: "down" as const } : host)) };
}

/** A host is woken so long before its hour that it is up by then. */
function leadMs(hosts: readonly HostRow[]): number {
  return Math.max(0, ...hosts.map((host) => host.wakeSeconds ?? 0)) * 1_000;
}

async function wake(pass: Pass, hosts: readonly HostRow[], reason: Sentence, more: { readonly test?: boolean; readonly inputs?: Record<string, unknown> } = {}): Promise<number> {
  const { context } = pass;
  let woken = 0;
  for (const host of hosts) {
    const row = await inTransaction(context, (tx) => requestWake(tx, context, host.id, { reason, ...more }));
    if (row) woken += 1;
    if (row) context.logger.info({ host: host.name, reason: reason.text }, "host is woken");
  }
  if (woken > 0) pass.wake("power-hosts");
  return woken;
}

/** The cluster as if every sleeper were up: what would be placed where. */
function allAwake(planner: ClusterSnapshot): ClusterSnapshot {
  return { ...planner, hosts: planner.hosts.map((host) => (host.state === "asleep" || host.state === "waking" ? { ...host, state: "up" as const } : host)) };
}

/** Somebody waits for a place, or is about to: exactly the sleepers on which they would find one are woken. */
async function wakeForNeed(pass: Pass, fleet: Fleet, clusterId: string, asleep: readonly HostRow[], late: ReadonlySet<string>): Promise<number> {
  const snapshot = await takeSnapshot(pass.context, clusterId);
  const planner = without(snapshot.planner, late);
  const lost = [...snapshot.hosts.values()].filter((host) => ["unreachable", "fencing", "fenced"].includes(host.state) && [...fleet.allocations.values()].some((row) => row.hostId === host.id));
  if (snapshot.waiting.length === 0 && lost.length === 0) return 0;
  const byId = new Map(asleep.map((host) => [host.id, host]));
  const wanted = new Map<string, number>();
  const targets = lost.length > 0 ? planFailover(allAwake(planner), lost.map((host) => host.id), { followers: "place" }).actions.map((action) => action.toHostId) : ordersOn(planner, snapshot.waiting);
  for (const hostId of targets) if (byId.has(hostId)) wanted.set(hostId, (wanted.get(hostId) ?? 0) + 1);
  const hosts = [...wanted.keys()].flatMap((id) => byId.get(id) ?? []);
  const reason = lost.length > 0 ? sentence("wake-restarts", { hosts: lost.map((host) => host.name) }) : sentence("wake-waiting", { machines: snapshot.waiting.length });
  const inputs = { waiting: snapshot.waiting.length, lost: lost.map((host) => host.name), targets: [...wanted].map(([hostId, instances]) => ({ hostId, instances })) };
  await wake(pass, hosts.filter((host) => host.powerState !== "waking"), reason, { inputs });
  return hosts.length;
}

/** The sleepers that the waiting orders need. */
function ordersOn(planner: ClusterSnapshot, waiting: FleetSnapshot["waiting"]): readonly string[] {
  const instances = new Map(planner.instances.map((instance) => [instance.id, instance]));
  const orders = waiting.slice(0, QUEUE).flatMap(({ id }) => {
    const instance = instances.get(id);
    return instance ? [{ instance }] : [];
  });
  return placeWaking(planner, orders).wakeIds;
}

/** More is wanted soon than the awake hosts can carry, or one of them is full already: the quickest sleeper comes first. */
async function wakeForDemand(pass: Pass, automation: Automation, sleeping: readonly HostRow[], late: ReadonlySet<string>): Promise<number> {
  const seen = await steeringView(pass, automation, WINDOW_MINUTES);
  const view = { ...seen, planner: without(seen.planner, late) };
  const full = [...view.loads.values()].filter((load) => load.measured && load.recentMillicores > load.capacityMillicores * FULL_FRACTION);
  const ups = view.loads.size;
  const [quickest] = [...sleeping].sort((a, b) => (a.wakeSeconds ?? 0) - (b.wakeSeconds ?? 0));
  if (!quickest) return 0;
  if (ups > 0 && full.length === ups) return wake(pass, [quickest], sentence("wake-all-full", { percent: Math.round(FULL_FRACTION * 100), hosts: full.map((load) => load.name) }), { inputs: { loads: full } });
  const soon = foreseeWake(view);
  if (soon) return wake(pass, sleeping.filter((host) => host.id === soon.hostId), soon.reason, { inputs: { forecast: soon.shortage } });
  const demand = await demandFits(pass, view, new Set(view.asleep.map((host) => host.id)));
  return demand.refusal === null ? 0 : wake(pass, [quickest], demand.refusal, { inputs: demand.inputs });
}

/** A sleeper that has not proved for long that it wakes does so now: one at a time, and only in the hours for tests. */
async function testWake(pass: Pass, automation: Automation, sleeping: readonly HostRow[]): Promise<number> {
  const now = pass.context.clock.now();
  if (automation.wakeTestDays === 0) return 0;
  if (automation.wakeTestWindows.length > 0 && !inWindows(automation.wakeTestWindows, automation.timeZone, now)) return 0;
  const dueMs = automation.wakeTestDays * DAY_MS;
  const due = sleeping.filter((host) => now.getTime() - (host.lastWakeTestAt ?? host.enrolledAt).getTime() >= dueMs);
  const [first] = due.sort((a, b) => (a.lastWakeTestAt ?? a.enrolledAt).getTime() - (b.lastWakeTestAt ?? b.enrolledAt).getTime());
  return first ? wake(pass, [first], sentence("wake-test", { days: Math.round((now.getTime() - (first.lastWakeTestAt ?? first.enrolledAt).getTime()) / DAY_MS) }), { test: true }) : 0;
}
