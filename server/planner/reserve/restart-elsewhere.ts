import { firstRefusing, PLACE_RULES, type Constraint } from "../constraints/index";
import { at, moveInstance, putInstance, removeInstance, type Model } from "../model/model";

/** A restart has its disks already, and may use a host that is asleep: waking it is part of the restart. Contention for a while is better than being off. */
const RESTART_RULES: readonly Constraint[] = PLACE_RULES.filter((one) => !["host-state", "storage", "contention"].includes(one.rule));

export interface RestartOutcome {
  placements: { instance: number; host: number }[];
  /** The first instance that found no place, or -1. */
  failed: number;
}

function isTarget(model: Model, host: number, lost: ReadonlySet<number>): boolean {
  return !lost.has(host) && model.hosts[host]?.state !== "down";
}

/** Instances of the lost hosts that must run, the largest first: big ones are the hard ones. */
function toRestart(model: Model, lost: Iterable<number>): number[] {
  const list: number[] = [];
  for (const host of lost) {
    for (const instance of model.instancesOn[host] ?? []) {
      if (model.instances[instance]?.wanted === "on") list.push(instance);
    }
  }
  return list.toSorted(
    (a, b) => at(model.memoryMiB, b) - at(model.memoryMiB, a) || at(model.vcpus, b) - at(model.vcpus, a) || a - b,
  );
}

const leftOn = (model: Model, host: number): number => at(model.sellableMemoryMiB, host) - at(model.usedMemoryMiB, host);

/** Hosts by the memory left on them, the fullest first: what best fit looks through. */
export function hostsByRoom(model: Model): number[] {
  return model.hosts.map((_, host) => host).toSorted((a, b) => leftOn(model, a) - leftOn(model, b) || a - b);
}

/** First position whose host has at least so much memory left. */
function firstWith(model: Model, order: readonly number[], memoryMiB: number): number {
  let low = 0;
  let high = order.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (leftOn(model, order[middle] ?? 0) < memoryMiB) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * Tries to restart everything of `lost` on the other hosts, best fit by memory. An outcome without `failed` is an explicit
 * placement, so it proves that the loss can be survived; a failure may be a false alarm, never the other way round.
 * The model is unchanged afterwards. `byRoom` saves sorting the hosts when many losses of one model are tried.
 */
export function restartElsewhere(
  model: Model,
  lost: ReadonlySet<number>,
  broken: ReadonlySet<number>,
  byRoom: readonly number[] = hostsByRoom(model),
): RestartOutcome {
  const list = toRestart(model, lost);
  const homes = list.map((instance) => model.hostOf[instance] ?? -1);
  const outcome: RestartOutcome = { placements: [], failed: -1 };
  const order = byRoom.filter((host) => !broken.has(host) && isTarget(model, host, lost));
  for (const instance of list) removeInstance(model, instance);
  for (const instance of list) {
    const best = bestFit(model, instance, order);
    if (best < 0) {
      outcome.failed = instance;
      break;
    }
    const host = order[best] ?? -1;
    putInstance(model, instance, host);
    outcome.placements.push({ instance, host });
    // It has less room now: it moves towards the front.
    order.splice(best, 1);
    order.splice(firstWith(model, order, leftOn(model, host)), 0, host);
  }
  list.forEach((instance, index) => moveInstance(model, instance, homes[index] ?? -1));
  return outcome;
}

/** Position of the first host in the order that admits the instance, or -1. */
function bestFit(model: Model, instance: number, order: readonly number[]): number {
  for (let index = firstWith(model, order, at(model.memoryMiB, instance)); index < order.length; index += 1) {
    if (firstRefusing(RESTART_RULES, model, instance, order[index] ?? -1) === null) return index;
  }
  return -1;
}
