import { DriverError } from "@/server/drivers/errors";
import { advanceHost, namedWords, nameHosts, noteUpdate, readFleet, readOpenUpdates, takeSnapshot, type Fleet, type HostRow, type UpdateView } from "@/server/fleet";
import { updateHosts } from "@/server/planner";
import { sentence } from "@/server/platform/sentences";
import type { LoopDefinition, Pass } from "./types";

const PERIOD_MS = 5_000;
const BUSY_PERIOD_MS = 1_000;
const FACTS_TIMEOUT_MS = 5_000;
/** What a step is expected to take where none of this update has ended yet. */
const DEFAULT_STEP_SECONDS = 300;
const BUSY: readonly UpdateView["hosts"][number]["state"][] = ["draining", "updating", "returning"];

/** Rolling updates: a few hosts at a time are emptied, updated, checked and given back, and a host loss is survived throughout. */
export const updateHostsLoop: LoopDefinition = {
  name: "update-hosts",
  periodMs: PERIOD_MS,
  async pass(pass) {
    const updates = await readOpenUpdates(pass.context);
    if (updates.length === 0) return { backlog: 0 };
    const fleet = await readFleet(pass.context);
    let backlog = 0;
    for (const update of updates) {
      if (pass.signal.aborted) break;
      for (const one of update.hosts) if (BUSY.includes(one.state)) await goOn(pass, fleet, update, one);
      const left = update.hosts.filter((one) => one.state === "waiting" || BUSY.includes(one.state)).length;
      backlog += left;
      if (update.state !== "running") continue;
      if (left === 0) await noteUpdate(pass.context, update.id, { state: "done", finishedAt: pass.context.clock.now(), reason: "" });
      else await beginNext(pass, update);
    }
    return { backlog, againInMs: backlog > 0 ? BUSY_PERIOD_MS : PERIOD_MS };
  },
};

type UpdatedHost = UpdateView["hosts"][number];

async function goOn(pass: Pass, fleet: Fleet, update: UpdateView, one: UpdatedHost): Promise<void> {
  const host = fleet.hosts.get(one.hostId);
  if (!host) return;
  if (one.state === "draining") {
    const occupied = [...fleet.allocations.values()].some((row) => row.hostId === host.id) || [...fleet.migrations.values()].some((move) => move.fromHostId === host.id || move.toHostId === host.id);
    if (!occupied) await advanceHost(pass.context, update, host.id, { to: "updating" });
  } else if (one.state === "updating") {
    pass.background(`${update.id} ${host.id}`, () => runStep(pass, update, host));
  } else if (one.state === "returning") {
    pass.background(`${update.id} ${host.id}`, () => check(pass, update, one, host));
  }
}

/** A step that was under way when a worker died is run again: steps are made to be repeated. */
async function runStep(pass: Pass, update: UpdateView, host: HostRow): Promise<void> {
  const { context } = pass;
  try {
    const { output } = await pass.machines.updateSteps().run(update.step, { updateId: update.id, hostId: host.id, hostName: host.name, uri: host.uri, managementAddress: host.managementAddress }, { timeoutMs: update.stepTimeoutSeconds * 1_000, signal: pass.signal });
    await advanceHost(context, update, host.id, { to: "returning", output });
  } catch (error) {
    if (!(error instanceof DriverError) || pass.signal.aborted) throw error;
    await advanceHost(context, update, host.id, { to: "failed", reason: sentence("update-step-failed", { host: host.name, error: error.message }), output: error.message });
  }
}

/** The host must answer after its step, as itself and still able to run the cluster's guests. */
async function check(pass: Pass, update: UpdateView, one: UpdatedHost, host: HostRow): Promise<void> {
  const { context } = pass;
  const waitedMs = context.clock.nowMs() - (one.stepStartedAt ?? context.clock.now()).getTime();
  try {
    const facts = await pass.machines.host(host).facts({ timeoutMs: FACTS_TIMEOUT_MS });
    const cluster = (await readFleet(context, { allocations: false })).clusters.get(host.clusterId);
    if (facts.hostUuid !== host.hostUuid) throw new DriverError("failed", `another machine answers at ${host.uri}: its host UUID is ${facts.hostUuid}`);
    if (cluster && !facts.usableCpuModels.includes(cluster.cpuModel)) throw new DriverError("failed", `it can no longer give guests the cluster's CPU model ${cluster.cpuModel}`);
    if (host.state === "up") await advanceHost(context, update, host.id, { to: "done" });
  } catch (error) {
    if (!(error instanceof DriverError)) throw error;
    if (!error.outcomeUnknown || waitedMs > update.stepTimeoutSeconds * 1_000) {
      await advanceHost(context, update, host.id, { to: "failed", reason: sentence("update-unfit", { host: host.name, error: error.message }), output: error.message });
    }
  }
}

/** As many hosts as may be out at once while any host loss is survived; the planner says which and in which order. */
async function beginNext(pass: Pass, update: UpdateView): Promise<void> {
  const { context } = pass;
  const waiting = update.hosts.filter((one) => one.state === "waiting").map((one) => one.hostId);
  const busy = update.hosts.filter((one) => BUSY.includes(one.state));
  const room = update.hostsAtOnce - busy.length;
  // The next stage begins when the one before is over: what it moved decides what the next may move.
  if (waiting.length === 0 || room <= 0 || busy.length > 0) return;
  const snapshot = await takeSnapshot(context, update.clusterId);
  const plan = updateHosts(snapshot.planner, waiting, { atOnce: update.hostsAtOnce, updateSeconds: stepSeconds(update) });
  const [stage] = plan.stages ?? [];
  await noteUpdate(context, update.id, { predictedEndAt: new Date(context.clock.nowMs() + plan.predicted.seconds * 1_000), reason: stage ? "" : { text: nameHosts(plan.summary.join(" "), snapshot.names), words: namedWords(plan.summaryWords, snapshot.names) } });
  for (const hostId of stage?.hostIds ?? []) await advanceHost(context, update, hostId, { to: "draining" });
  if (stage) pass.wake("evacuate-hosts");
}

/** The mean of the steps of this update that have ended. */
function stepSeconds(update: UpdateView): number {
  const ended = update.hosts.flatMap((one) => (one.state === "done" && one.stepStartedAt && one.finishedAt ? [(one.finishedAt.getTime() - one.stepStartedAt.getTime()) / 1_000] : []));
  return ended.length === 0 ? DEFAULT_STEP_SECONDS : ended.reduce((sum, seconds) => sum + seconds, 0) / ended.length;
}
