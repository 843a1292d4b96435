import { firstRefusing, PLACE_RULES } from "../constraints/index";
import { at, putInstance, removeInstance, type Model } from "../model/model";
import type { Random } from "../random";

const PACK_RULES = PLACE_RULES.filter((one) => one.rule !== "storage" && one.rule !== "overcommit");

/**
 * Packs instances, which must not be booked, onto hosts that may have others already. Tries several orders and measures of "best fit":
 * large first by memory, by vCPUs, by mixtures, then shuffled a little. True: all are booked. False: none is.
 */
export function packInstances(model: Model, instances: readonly number[], hosts: readonly number[], tries: number, random: Random): boolean {
  const totalMemory = hosts.reduce((sum, host) => sum + at(model.sellableMemoryMiB, host) - at(model.usedMemoryMiB, host), 0);
  const totalVcpus = hosts.reduce((sum, host) => sum + at(model.sellableVcpus, host) - at(model.usedVcpus, host), 0);
  const memoryUnit = 1 / Math.max(1, totalMemory);
  const vcpuUnit = 1 / Math.max(1, totalVcpus);
  for (let round = 0; round < tries; round += 1) {
    const mixture = round === 0 ? 0.5 : round === 1 ? 1 : round === 2 ? 0 : random();
    const noise = round < 3 ? 0 : 0.15;
    const weight = (i: number): number =>
      (mixture * at(model.memoryMiB, i) * memoryUnit + (1 - mixture) * at(model.vcpus, i) * vcpuUnit) * (1 + noise * (random() - 0.5));
    const order = instances
      .map((instance) => ({ instance, size: weight(instance) }))
      .toSorted((a, b) => b.size - a.size || a.instance - b.instance);
    if (packInOrder(model, order.map((one) => one.instance), hosts, memoryUnit, vcpuUnit, round % 2 === 1)) return true;
  }
  return false;
}

function packInOrder(model: Model, order: number[], hosts: readonly number[], memoryUnit: number, vcpuUnit: number, even: boolean): boolean {
  const done: number[] = [];
  // What is left on each host, side by side: this is the innermost loop of consolidation.
  const memoryLefts = Float64Array.from(hosts, (host) => at(model.sellableMemoryMiB, host) - at(model.usedMemoryMiB, host));
  const vcpusLefts = Float64Array.from(hosts, (host) => at(model.sellableVcpus, host) - at(model.usedVcpus, host));
  for (const instance of order) {
    const memory = at(model.memoryMiB, instance);
    const vcpus = at(model.vcpus, instance);
    let best = -1;
    let bestLeft = Infinity;
    for (let index = 0; index < hosts.length; index += 1) {
      const memoryLeft = (memoryLefts[index] as number) - memory;
      const vcpusLeft = (vcpusLefts[index] as number) - vcpus;
      if (memoryLeft < 0 || vcpusLeft < 0) continue;
      // Best fit leaves little; the even variant also keeps both sides of a host equally full.
      const left = memoryLeft * memoryUnit + vcpusLeft * vcpuUnit + (even ? 2 * Math.abs(memoryLeft * memoryUnit - vcpusLeft * vcpuUnit) : 0);
      if (left >= bestLeft || firstRefusing(PACK_RULES, model, instance, hosts[index] as number) !== null) continue;
      best = index;
      bestLeft = left;
    }
    if (best < 0) {
      for (const one of done) removeInstance(model, one);
      return false;
    }
    putInstance(model, instance, hosts[best] as number);
    memoryLefts[best] = (memoryLefts[best] as number) - memory;
    vcpusLefts[best] = (vcpusLefts[best] as number) - vcpus;
    done.push(instance);
  }
  return true;
}
