import type { Instance } from "../types";
import { bringsDisks, demandOf, putInstance, removeInstance, spreadOf, type Model } from "./model";

const COLUMNS = ["vcpus", "memoryMiB", "cpuReservationMillicores", "memoryReservationMiB", "cpuDemandMillicores", "cpuSpreadMillicores"] as const;

/** Room for more instances, doubled when it is used up so that a thousand arrivals do not copy a thousand times. */
function grow(model: Model): void {
  const size = Math.max(16, model.hostOf.length * 2);
  for (const column of COLUMNS) {
    const larger = new Float64Array(size);
    larger.set(model[column]);
    model[column] = larger;
  }
  const brings = new Uint8Array(size);
  brings.set(model.bringsDisks);
  model.bringsDisks = brings;
  const hostOf = new Int32Array(size).fill(-1);
  hostOf.set(model.hostOf);
  model.hostOf = hostOf;
}

/**
 * Puts an instance into the model as it is now: new, on another host, or of another size. It must have sound figures and a known host, or none.
 * `groups` and `rules` are those that it belongs to, where it is new. Returns its position.
 */
export function setInstance(model: Model, instance: Instance, groups: number[], rules: Model["rulesOf"][number]): number {
  let index = model.instanceIndex.get(instance.id) ?? -1;
  if (index < 0) {
    index = model.instances.length;
    if (index >= model.hostOf.length) grow(model);
    model.instanceIndex.set(instance.id, index);
    model.groupsOf[index] = groups;
    model.rulesOf[index] = rules;
    for (const group of groups) {
      const dense = model.groups[group];
      if (dense !== undefined) dense.memberCount += 1;
    }
  } else removeInstance(model, index);
  model.instances[index] = instance;
  model.bringsDisks[index] = bringsDisks(instance);
  model.vcpus[index] = instance.vcpus;
  model.memoryMiB[index] = instance.memoryMiB;
  model.cpuReservationMillicores[index] = instance.vcpus * instance.instanceClass.cpuReservationMillicoresPerVcpu;
  model.memoryReservationMiB[index] = instance.memoryMiB * instance.instanceClass.memoryReservationRatio;
  model.cpuDemandMillicores[index] = demandOf(instance);
  model.cpuSpreadMillicores[index] = spreadOf(instance);
  const host = instance.hostId === null ? undefined : model.hostIndex.get(instance.hostId);
  if (host !== undefined) putInstance(model, index, host);
  return index;
}
