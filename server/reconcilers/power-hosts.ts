import { DriverError } from "@/server/drivers/errors";
import type { PowerDevice } from "@/server/drivers/power/types";
import { cancelSleep, closeIncident, failWake, noteAsleep, noteAwake, noteIncident, openIncident, readAutomations, readFleet, readPowerConfigs, type HostRow } from "@/server/fleet";
import { sentence, sentences, storedSentence, type Sentence } from "@/server/platform/sentences";
import { inTransaction } from "@/server/platform/transaction";
import { asPowerConfig } from "./enrol/preflight";
import { keepSeconds } from "./fence/keep-second";
import { switchOnAll } from "./fence/switch-on-all";
import type { LoopDefinition, Pass } from "./types";

const PERIOD_MS = 10_000;
/** While somebody falls asleep or wakes. */
const BUSY_PERIOD_MS = 500;
const OFF_TIMEOUT_MS = 30_000;
/** An empty hypervisor host shuts down in 20 to 60 s; one that has not by then hangs on its way, and runs nothing that its end could hurt. */
const SHUTDOWN_TIMEOUT_MS = 90_000;
/** One try to switch on; the try is repeated until the wake as a whole is given up. */
const ON_TIMEOUT_MS = 10_000;
/** A controller that could not be told to switch off for so long is left alone, and the host goes back to work. */
const OFF_PATIENCE_MS = 60_000;
/** A controller that does not take "on" for so long will not take it later either: another host is woken meanwhile. */
const ON_PATIENCE_MS = 30_000;
const DEFAULT_WAKE_TIMEOUT_SECONDS = 600;

/** Switches hosts off and on as was decided; believes what controllers confirm and what hosts themselves answer, nothing else. */
export const powerHostsLoop: LoopDefinition = {
  name: "power-hosts",
  periodMs: PERIOD_MS,
  async pass(pass) {
    const fleet = await readFleet(pass.context, { allocations: false });
    const automations = await readAutomations(pass.context);
    let backlog = 0;
    for (const host of fleet.hosts.values()) {
      if (host.powerState === "on") continue;
      if (host.state === "up" || host.state === "returning") {
        await greet(pass, host);
      } else if (host.state === "asleep" && host.powerState === "falling-asleep") {
        backlog += 1;
        pass.background(`off ${host.id}`, () => switchOff(pass, host));
      } else if (host.state === "asleep" && host.powerState === "waking") {
        backlog += 1;
        pass.background(`on ${host.id}`, () => switchOn(pass, host, automations.get(host.clusterId)?.wakeTimeoutSeconds ?? DEFAULT_WAKE_TIMEOUT_SECONDS));
      }
    }
    await keepSeconds(pass, fleet);
    return { backlog, againInMs: backlog > 0 ? BUSY_PERIOD_MS : PERIOD_MS };
  },
};

async function greet(pass: Pass, host: HostRow): Promise<void> {
  const { context } = pass;
  const awake = await inTransaction(context, async (tx) => {
    const row = await noteAwake(tx, context, host.id);
    if (row) await closeIncident(tx, context, { clusterId: host.clusterId, hostId: host.id, kind: "wake-failed" }, { kind: "end", said: sentence("note-answers-again", { host: host.name }) });
    return row;
  });
  if (!awake) return;
  context.logger.info({ host: host.name }, "host is awake");
  pass.wake("guard-certificates");
  pass.wake("place-instances");
}

async function configOf(pass: Pass, host: HostRow): Promise<Record<string, unknown>> {
  const config = (await readPowerConfigs(pass.context, [host.id])).get(host.id);
  if (!config) throw new DriverError("unsupported", `${host.name} has no power device.`);
  return config;
}

function sinceMs(pass: Pass, host: HostRow): number {
  return host.powerStateChangedAt ? pass.context.clock.nowMs() - host.powerStateChangedAt.getTime() : 0;
}

async function switchOff(pass: Pass, host: HostRow): Promise<void> {
  const { context } = pass;
  try {
    const device = pass.machines.hostPower(asPowerConfig(await configOf(pass, host)), context.clock).forSleep();
    if (!device.canFence) throw new DriverError("unsupported", `The power device of ${host.name} (${device.kind}) cannot confirm that it is off.`);
    await shutDown(pass, host, device);
    await device.off({ timeoutMs: OFF_TIMEOUT_MS });
  } catch (error) {
    if (!(error instanceof DriverError)) throw error;
    context.logger.warn({ host: host.name, err: error }, "a host that should sleep could not be switched off");
    if (sinceMs(pass, host) < OFF_PATIENCE_MS) return pause(pass);
    // Whether it is on or off is not known; switching it on makes either into "on".
    await inTransaction(context, (tx) => cancelSleep(tx, context, host.id, sentence("sleep-not-off", { error: error.message })));
    return;
  }
  const asleep = await inTransaction(context, (tx) => noteAsleep(tx, context, host.id, sinceMs(pass, host) / 1_000));
  if (asleep) context.logger.info({ host: host.name }, "host sleeps");
  // Somebody may have begun to need it meanwhile.
  pass.wake("wake-hosts");
  pass.wake("guard-certificates");
  pass.wake("consolidate-clusters");
}

/**
 * Lets the operating system end in order: caches are written, journals closed. Whoever does not answer at all is not waited for, and what does not
 * shut down has its power cut afterwards.
 */
async function shutDown(pass: Pass, host: HostRow, device: PowerDevice): Promise<void> {
  if (device.shutdown === undefined || (await device.status({ timeoutMs: OFF_TIMEOUT_MS })) === "off") return;
  try {
    await device.shutdown({ timeoutMs: SHUTDOWN_TIMEOUT_MS });
    pass.context.logger.info({ host: host.name }, "a host that should sleep has shut down in order");
  } catch (error) {
    if (!(error instanceof DriverError)) throw error;
    pass.context.logger.warn({ host: host.name, err: error }, "a host that should sleep does not shut down in order; its power is cut");
  }
}

async function switchOn(pass: Pass, host: HostRow, wakeTimeoutSeconds: number): Promise<void> {
  const { context } = pass;
  let trouble: string | null = null;
  try {
    await switchOnAll(pass, host.id, await configOf(pass, host), ON_TIMEOUT_MS);
  } catch (error) {
    if (!(error instanceof DriverError)) throw error;
    trouble = error.message;
    context.logger.warn({ host: host.name, err: error }, "a sleeping host could not be switched on yet");
  }
  pass.wake("observe-hosts");
  const waitedMs = sinceMs(pass, host);
  if (trouble !== null && waitedMs >= Math.min(ON_PATIENCE_MS, wakeTimeoutSeconds * 1_000)) return giveUp(pass, host, sentence("wake-not-told", { waitedSeconds: Math.round(waitedMs / 1_000), error: trouble }));
  if (waitedMs >= wakeTimeoutSeconds * 1_000) return giveUp(pass, host, sentence("wake-no-answer", { waitedSeconds: wakeTimeoutSeconds }));
  await pause(pass);
}

async function giveUp(pass: Pass, host: HostRow, why: Sentence): Promise<void> {
  const { context } = pass;
  const key = { clusterId: host.clusterId, hostId: host.id, kind: "wake-failed" as const };
  const failed = await inTransaction(context, async (tx) => {
    const row = await failWake(tx, context, host.id, why);
    if (!row) return null;
    await openIncident(tx, context, key, sentence("incident-wake-failed", { host: host.name }), { kind: "signal", said: sentences(sentence("note-told-to-wake", { host: host.name }), storedSentence(host.powerStateReason, host.powerStateWords)), at: host.powerStateChangedAt ?? context.clock.now() });
    await noteIncident(tx, context, key, { kind: "power", said: why });
    return row;
  });
  if (!failed) return;
  context.logger.error({ host: host.name, why: why.text }, "a sleeping host did not wake; it is quarantined and another is woken");
  pass.wake("wake-hosts");
  pass.wake("guard-certificates");
}

async function pause(pass: Pass): Promise<void> {
  await pass.context.clock.sleep(BUSY_PERIOD_MS, pass.signal).catch(() => undefined);
}
