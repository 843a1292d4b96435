import type { Action, Host } from "../types";
import { addCapacity, minAsleepSeconds, needCurve, shortageOf, wakeLeadSeconds, DEFAULT_WAKE_SECONDS, type Capacity, type Shortage } from "../demand/needs";
import { hostAt, type Model } from "../model/model";
import { certifySleep } from "../reserve/certify-sleep";
import { sleepersOf } from "../reserve/prove-reserve";
import { say, type PlannerWords } from "../words";
import { powerAction } from "../write-plan";

const wattsPerCore = (host: Host): number => (host.power?.watts[10] ?? 0) / Math.max(1, host.cpuCores);

/** Sleepers in the order in which they are woken: those that slept long enough, then the quickest, then the most frugal. */
function inWakeOrder(model: Model): number[] {
  const { takenAtSeconds } = model.snapshot;
  const rested = (host: Host): number => (takenAtSeconds - (host.stateSinceSeconds ?? -Infinity) >= minAsleepSeconds(model.snapshot) ? 0 : 1);
  const sleepers = model.hosts.flatMap((host, index) => (host.state === "asleep" && !host.maintenance ? [index] : []));
  const wake = (host: Host): number => host.wakeSeconds ?? DEFAULT_WAKE_SECONDS;
  return sleepers.toSorted((a, b) => {
    const one = hostAt(model, a);
    const other = hostAt(model, b);
    return rested(one) - rested(other) || wake(one) - wake(other) || wattsPerCore(one) - wattsPerCore(other) || (one.id < other.id ? -1 : 1);
  });
}

/**
 * Hosts that must be switched on now: because the forecast for the time until they could be up, and the lead of the loops, exceeds what is
 * awake; or because without them the sleep of the others is not certified any more. Marks them as waking in the model.
 */
export function wakeAhead(model: Model, certify: boolean): Action[] {
  const { snapshot } = model;
  const actions: Action[] = [];
  let order = inWakeOrder(model);
  const wake = (host: number, reason: string, words: PlannerWords): void => {
    const seconds = hostAt(model, host).wakeSeconds ?? DEFAULT_WAKE_SECONDS;
    actions.push(powerAction(model, "power-on", host, reason, words, seconds));
    model.hosts[host] = { ...hostAt(model, host), state: "waking" };
    order = order.filter((one) => one !== host);
  };
  if (order.length === 0) return actions;
  const need = needCurve(snapshot);
  const capacity: Capacity = { cores: 0, memoryMiB: 0 };
  for (const host of model.hosts) if (host.state === "up" || host.state === "waking") addCapacity(capacity, host, 1);
  for (const host of order) {
    const until = snapshot.takenAtSeconds + wakeLeadSeconds(hostAt(model, host));
    const shortage = shortageOf(snapshot, capacity, need(snapshot.takenAtSeconds, until));
    if (shortage === null) continue;
    addCapacity(capacity, hostAt(model, host), 1);
    const { id } = hostAt(model, host);
    wake(host, `${id} is switched on: ${shortage.text}`, wordsOf(id, shortage, snapshot.takenAtSeconds));
  }
  while (certify && order.length > 0) {
    const { certificate, uncovered } = certifySleep(model, sleepersOf(model));
    const [host] = order;
    if (certificate !== null || host === undefined) break;
    const lost = uncovered < 0 ? "?" : hostAt(model, uncovered).id;
    const { id } = hostAt(model, host);
    wake(host, `${id} is switched on: with it asleep, the loss of ${lost} would not be survived`, say("wakes-for-certificate", { host: id, lost }));
    // What was woken counts as there when the others are judged; a plan is checked at its end.
    model.hosts[host] = { ...hostAt(model, host), state: "up" };
  }
  for (const action of actions) {
    const host = model.hostIndex.get(action.toHostId) ?? -1;
    model.hosts[host] = { ...hostAt(model, host), state: "waking" };
  }
  return actions;
}

function wordsOf(host: string, shortage: Shortage, nowSeconds: number): PlannerWords {
  const inSeconds = Math.max(0, Math.round(shortage.atSeconds - nowSeconds));
  if (shortage.dimension === "memory") return say("wakes-for-memory", { host, inSeconds, neededMiB: Math.ceil(shortage.needed), awakeMiB: Math.floor(shortage.available) });
  return say("wakes-for-forecast", { host, inSeconds, neededCores: Math.ceil(shortage.needed), awakeCores: Math.floor(shortage.available) });
}
