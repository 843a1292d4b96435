import { DriverError } from "@/server/drivers/errors";
import type { PowerConfig } from "@/server/drivers/power/types";
import { noteSecondCheck, readSecondPowers, type Fleet, type HostRow, type SecondPowered } from "@/server/fleet";
import { sentence, type Sentence } from "@/server/platform/sentences";
import { inTransaction } from "@/server/platform/transaction";
import { asPowerConfig } from "../enrol/preflight";
import type { Pass } from "../types";
import { switchOnAll } from "./switch-on-all";

/** A device that is needed once in years is looked at so often, so that its death is known before. */
const CHECK_EVERY_MS = 6 * 3_600_000;
const STATUS_TIMEOUT_MS = 5_000;
const ON_TIMEOUT_MS = 10_000;
const ASK_AGAIN_MS = 5_000;
/** Hosts that answer: whatever of theirs fencing cut in vain, or cut before they came back, goes on again. */
const ANSWERING: readonly string[] = ["up", "returning", "isolated", "quarantined"];

/** Looks after second power devices: what fencing cut with them goes on again when its host answers or an operator asks, and each is tried in time. */
export async function keepSeconds(pass: Pass, fleet: Fleet): Promise<void> {
  if (fleet.withSecondPower.size === 0) return;
  for (const one of await readSecondPowers(pass.context)) {
    const host = fleet.hosts.get(one.hostId);
    const fencing = host ? fleet.fencings.get(host.id) : undefined;
    if (!host || host.maintenance || fencing?.state === "requested" || fencing?.state === "blocked") continue;
    if (one.cutAt !== null && (ANSWERING.includes(host.state) || one.restoreAsked)) pass.background(`restore ${host.id}`, () => restore(pass, host, one));
    if (isDue(pass, one)) pass.background(`second ${host.id}`, () => look(pass, host, one));
  }
}

const isDue = (pass: Pass, one: SecondPowered): boolean => one.check === null || (one.cutAt === null && pass.context.clock.nowMs() - Date.parse(one.check.at) >= CHECK_EVERY_MS);

async function restore(pass: Pass, host: HostRow, one: SecondPowered): Promise<void> {
  const { context } = pass;
  try {
    await switchOnAll(pass, host.id, one.config, ON_TIMEOUT_MS);
    context.logger.info({ host: host.name }, "what fencing had cut feeds the host again");
    return;
  } catch (error) {
    if (!(error instanceof DriverError)) throw error;
    context.logger.warn({ host: host.name, err: error }, "what fencing had cut could not be switched on yet; it is tried again");
  }
  await context.clock.sleep(ASK_AGAIN_MS, pass.signal).catch(() => undefined);
}

async function look(pass: Pass, host: HostRow, one: SecondPowered): Promise<void> {
  const { context } = pass;
  const { second } = asPowerConfig(one.config);
  if (!second) return;
  const found = await secondFinding(pass, second, host.state === "up");
  await inTransaction(context, (tx) => noteSecondCheck(tx, context, host.id, found));
  if (!found.ok) context.logger.error({ host: host.name, why: found.said.text }, "a second power device is not fit to fence its host");
}

/** Whether the second device could fence now: it answers, can cut, and says "on" of a host that is on. */
export async function secondFinding(pass: Pass, config: PowerConfig, isOn: boolean): Promise<{ readonly ok: boolean; readonly said: Sentence }> {
  try {
    const device = pass.machines.power(config);
    if (!device.canFence) return { ok: false, said: sentence("found-wake-only", { device: device.kind }) };
    const status = await device.status({ timeoutMs: STATUS_TIMEOUT_MS });
    const ok = status === "on" || !isOn;
    return { ok, said: sentence(ok ? "found-second" : "found-second-wrong", { device: device.kind, status }) };
  } catch (error) {
    if (!(error instanceof DriverError)) throw error;
    return { ok: false, said: sentence("found-second-broken", { error: error.message }) };
  }
}
