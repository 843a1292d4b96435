import { firstRefusing, PLACE_RULES, type Constraint } from "../constraints/index";
import { at, moveInstance, putInstance, removeInstance, type Model } from "../model/model";

/** A restart has its disks already, and may use a host that is asleep: waking it is part of the restart. */
const RESTART_RULES: readonly Constraint[] = PLACE_RULES.filter((one) => one.rule !== "host-state" && one.rule !== "storage");

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

/**
 * Tries to restart everything of `lost` on the other hosts, best fit by memory. An outcome without `failed` is an explicit
 * placement, so it proves that the loss can be survived; a failure may be a false alarm, never the other way round.
 * The model is unchanged afterwards.
 */
export function restartElsewhere(model: Model, lost: ReadonlySet<number>, broken: ReadonlySet<number>): RestartOutcome {
  const list = toRestart(model, lost);
  const homes = list.map((instance) => model.hostOf[instance] ?? -1);
  const outcome: RestartOutcome = { placements: [], failed: -1 };
  for (const instance of list) removeInstance(model, instance);
  for (const instance of list) {
    let best = -1;
    let bestLeft = Infinity;
    for (let host = 0; host < model.hosts.length; host += 1) {
      if (broken.has(host) || !isTarget(model, host, lost)) continue;
      const left = at(model.sellableMemoryMiB, host) - at(model.usedMemoryMiB, host);
      if (left >= bestLeft || firstRefusing(RESTART_RULES, model, instance, host) !== null) continue;
      best = host;
      bestLeft = left;
    }
    if (best < 0) {
      outcome.failed = instance;
      break;
    }
    putInstance(model, instance, best);
    outcome.placements.push({ instance, host: best });
  }
  list.forEach((instance, index) => moveInstance(model, instance, homes[index] ?? -1));
  return outcome;
}
