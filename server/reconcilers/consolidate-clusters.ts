import { countHostSleeps, giveAdvice, inWindows, PlanSuperseded, putToSleep, readAccepted, readAutomations, readPowerConfigs, settleAdvice, withdrawAdvice, type AdviceRow, type Automation, type HostRow } from "@/server/fleet";
import type { SleepCertificate } from "@/server/planner/types";
import { sentence } from "@/server/platform/sentences";
import { inTransaction } from "@/server/platform/transaction";
import { asPowerConfig } from "./enrol/preflight";
import { planFreeing, type Freeing } from "./steer/free-hosts";
import { prove } from "./steer/certificate";
import { carryOut } from "./steer/carry-out";
import { foreseeShortage } from "./steer/foresee";
import { demandFits, steeringView, whyNotSteered, type SteeringView } from "./steer/view";
import type { LoopDefinition, Pass } from "./types";

const PERIOD_MS = 60_000;
/** While hosts are being emptied or put to sleep. */
const BUSY_PERIOD_MS = 3_000;
/** Long enough that a quarter of an hour's lull is none, short enough that a night is not missed. */
const WINDOW_MINUTES = 30;

/** Empties hosts that are not needed and lets them sleep, each with a stored proof that any single loss is survived meanwhile. */
export const consolidateClustersLoop: LoopDefinition = {
  name: "consolidate-clusters",
  periodMs: PERIOD_MS,
  async pass(pass) {
    const { context } = pass;
    const accepted = (await readAccepted(context)).filter((one) => one.kind === "consolidate");
    let backlog = 0;
    for (const automation of (await readAutomations(context)).values()) {
      if (pass.signal.aborted) break;
      const word = accepted.find((one) => one.clusterId === automation.clusterId);
      if (automation.consolidate === "off" && !word) continue;
      const open = automation.consolidateWindows.length === 0 || inWindows(automation.consolidateWindows, automation.timeZone, context.clock.now());
      if (open || word) backlog += await consolidate(pass, automation, word ?? null);
    }
    return { backlog, againInMs: backlog > 0 ? BUSY_PERIOD_MS : PERIOD_MS };
  },
};

/** The hosts that an accepted advice is about, by id. */
function advisedHosts(word: AdviceRow): ReadonlySet<string> {
  const hosts: unknown = word.plan["hosts"];
  return new Set(Array.isArray(hosts) ? hosts.flatMap((one: unknown) => (typeof one === "object" && one !== null && "id" in one && typeof one.id === "string" ? [one.id] : [])) : []);
}

async function consolidate(pass: Pass, automation: Automation, word: AdviceRow | null): Promise<number> {
  const { context } = pass;
  const view = await steeringView(pass, automation, WINDOW_MINUTES);
  const trouble = whyNotSteered(view);
  if (trouble !== null) {
    context.logger.debug({ cluster: view.snapshot.cluster.name, trouble: trouble.text }, "nothing is consolidated now");
    return 0;
  }
  // One host after the other: each sleep changes what the next proof is about.
  if ([...view.snapshot.hosts.values()].some((host) => host.powerState === "falling-asleep" || host.powerState === "waking")) return 1;
  const adviceId = word?.id ?? null;
  // An operator's word counts for the hosts that were shown, and until they sleep.
  const advised = word !== null && automation.consolidate !== "automatic" ? advisedHosts(word) : null;
  if (advised && [...advised].every((id) => view.snapshot.hosts.get(id)?.state === "asleep")) return settle(pass, automation, adviceId, advised.size);
  const may = (await mayFallAsleep(pass, view)).filter((host) => advised?.has(host.id) ?? true);
  const awake = [...view.snapshot.hosts.values()].filter((host) => host.state === "up" && !host.maintenance).length;
  const room = awake - automation.minAwakeHosts;
  if (room <= 0 || may.length === 0) return settle(pass, automation, adviceId, 0);
  const occupied = new Set([...view.snapshot.allocations.values()].map((row) => row.hostId));
  for (const move of view.snapshot.migrations) occupied.add(move.toHostId);
  const advising = automation.consolidate === "advise" && adviceId === null;
  const empty = may.filter((one) => !occupied.has(one.id));
  for (const host of empty) {
    const proof = await proveFor(pass, view, host);
    if (!proof) continue;
    if (advising) return advise(pass, view, { hosts: [host], reason: sentence("freeing-hosts", { hosts: [host.name], moves: 0, stay: awake - 1, awake }), moves: [], inputs: proof.inputs, predicted: {} });
    if (await sleep(pass, view, host, proof)) return 1;
  }
  if (!advising && view.snapshot.migrations.length > 0) return 1;
  const freeing = planFreeing(view, may, room);
  if (!freeing || freeing.hosts.length === 0) return settle(pass, automation, adviceId, 0);
  if (advising) return advise(pass, view, freeing);
  const done = await carryOut(pass, view.snapshot, freeing.plan, { kind: "consolidate", cause: "sleep", inputs: freeing.inputs, predicted: freeing.predicted, reason: freeing.reason });
  if (done.begun > 0) context.logger.info({ cluster: view.snapshot.cluster.name, moves: done.begun, hosts: freeing.hosts.map((host) => host.name) }, "hosts are emptied so that they can sleep");
  return settle(pass, automation, null, freeing.hosts.length);
}

/** What the operator accepted is under way, or no longer possible. */
async function settle(pass: Pass, automation: Automation, adviceId: string | null, busy: number): Promise<number> {
  const { context } = pass;
  await inTransaction(context, async (tx) => {
    if (adviceId !== null) await settleAdvice(tx, context, adviceId, busy > 0 ? "applied" : "outdated");
    if (busy === 0) await withdrawAdvice(tx, context, { clusterId: automation.clusterId, kind: "consolidate", hostId: null });
  });
  return busy;
}

async function advise(pass: Pass, view: SteeringView, freeing: Pick<Freeing, "hosts" | "reason" | "moves" | "inputs" | "predicted">): Promise<number> {
  const { context } = pass;
  await inTransaction(context, (tx) =>
    giveAdvice(tx, context, { clusterId: view.automation.clusterId, kind: "consolidate", hostId: null, reason: freeing.reason, basedOnGeneration: view.snapshot.cluster.generation, plan: { ...freeing.inputs, ...freeing.predicted, moves: freeing.moves, hosts: freeing.hosts.map((host) => ({ id: host.id, name: host.name })) } }),
  );
  return 0;
}

/** Hosts that nothing forbids to sleep: a device that can confirm "off", rest since the last wake, cycles left, no wish of the operator. */
async function mayFallAsleep(pass: Pass, view: SteeringView): Promise<HostRow[]> {
  const { context } = pass;
  const { automation, snapshot } = view;
  const nowMs = context.clock.nowMs();
  const hosts = [...snapshot.hosts.values()].filter((host) => host.state === "up" && host.powerState === "on" && !host.maintenance && !host.drainRequestedAt && !host.keepAwake);
  const powers = await readPowerConfigs(context, hosts.map((host) => host.id));
  const slept = await countHostSleeps(context, automation.clusterId, new Date(nowMs - automation.cycleHours * 3_600_000));
  return hosts.filter((host) => {
    const config = powers.get(host.id);
    if (!config || !pass.machines.hostPower(asPowerConfig(config), pass.context.clock).forSleep().canFence) return false;
    const awakeMs = nowMs - (host.powerStateChangedAt ?? host.enrolledAt).getTime();
    return awakeMs >= automation.minAwakeSeconds * 1_000 && (slept.get(host.id) ?? 0) < automation.maxCycles;
  });
}

interface SleepProof {
  readonly certificate: SleepCertificate;
  readonly inputs: Record<string, unknown>;
}

/** Why an empty host may sleep: any single loss is survived without it, and the rest can carry what is wanted. Null where that is not so. */
async function proveFor(pass: Pass, view: SteeringView, host: HostRow): Promise<SleepProof | null> {
  const { context } = pass;
  const { snapshot } = view;
  const asleepIds = [...view.asleep.map((one) => one.id), host.id];
  const demand = await demandFits(pass, view, new Set(asleepIds));
  const foreseen = foreseeShortage(view, new Set(asleepIds));
  if (demand.refusal !== null || foreseen !== null) {
    context.logger.debug({ host: host.name, refusal: demand.refusal?.text ?? foreseen?.text }, "an empty host stays awake: it will be needed before it could be back");
    return null;
  }
  const { certificate, uncovered } = prove(snapshot.planner, snapshot, asleepIds);
  if (!certificate) {
    context.logger.debug({ host: host.name, uncovered }, "an empty host stays awake: a loss would not be survived without it");
    return null;
  }
  return { certificate, inputs: { ...demand.inputs, asleep: view.asleep.map((one) => one.name) } };
}

async function sleep(pass: Pass, view: SteeringView, host: HostRow, proof: SleepProof): Promise<boolean> {
  const { context } = pass;
  const { snapshot } = view;
  const awake = [...snapshot.hosts.values()].filter((one) => one.state === "up").length - 1;
  try {
    await putToSleep(context, {
      clusterId: snapshot.cluster.id,
      generation: snapshot.cluster.generation,
      hostId: host.id,
      certificate: proof.certificate,
      reason: sentence("sleep-empty", { hosts: awake }),
      decision: { inputs: { ...proof.inputs, awakeAfter: awake }, rejected: [], predicted: { wakeSeconds: host.wakeSeconds } },
    });
  } catch (error) {
    // Something was placed or moved since the snapshot: the next pass looks again.
    if (!(error instanceof PlanSuperseded)) throw error;
    return false;
  }
  pass.wake("power-hosts");
  context.logger.info({ host: host.name }, "host goes to sleep");
  return true;
}
