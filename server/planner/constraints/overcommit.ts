import { at, hostAt, instanceAt } from "../model/model";
import { changeOn, lacks, roundUp, type Constraint } from "./types";
import { say } from "../words";

const EPSILON = 1e-6;
/** Ratios are raised in steps that a person would choose. */
const RATIO_STEP = 0.1;

const nextRatio = (needed: number): number => Math.round(Math.ceil(needed / RATIO_STEP - 1e-9) * RATIO_STEP * 10) / 10;

/** What is sold on a host stays within physical x ratio, for vCPUs and for memory. */
export const overcommit: Constraint = {
  rule: "overcommit",
  admits: (model, instance, host) =>
    at(model.usedVcpus, host) + at(model.vcpus, instance) <= at(model.sellableVcpus, host) + EPSILON &&
    at(model.usedMemoryMiB, host) + at(model.memoryMiB, instance) <= at(model.sellableMemoryMiB, host) + EPSILON,
  explain: (model, instance, host) => {
    const { id, cpuCores } = hostAt(model, host);
    const name = instanceAt(model, instance).id;
    const { cpuRatio, memoryRatio } = model.snapshot.policy;
    const memory = at(model.memoryMiB, instance);
    const memoryLeft = at(model.sellableMemoryMiB, host) - at(model.usedMemoryMiB, host);
    if (memory > memoryLeft + EPSILON) {
      const missing = roundUp(memory - memoryLeft);
      const part = missing / Math.max(1, at(model.sellableMemoryMiB, host));
      const change = changeOn("free-resource", id, `free ${missing} MiB on ${id}`, say("change-free-memory", { missingMiB: missing, host: id }), 3 + part, missing, "MiB");
      const text =
        `${name} needs ${memory} MiB, ${id} has ${roundUp(memoryLeft)} MiB to sell ` +
        `(memory ratio ${memoryRatio}): ${missing} MiB missing`;
      const words = say("sold-memory", { instance: name, neededMiB: memory, host: id, leftMiB: roundUp(memoryLeft), missingMiB: missing, ratio: memoryRatio });
      return lacks(model, host, "overcommit", "MiB", memory, memoryLeft, text, words, change);
    }
    const vcpus = at(model.vcpus, instance);
    const left = at(model.sellableVcpus, host) - at(model.usedVcpus, host);
    const missing = roundUp(vcpus - left);
    const ratio = cpuCores > 0 ? nextRatio((at(model.usedVcpus, host) + vcpus) / cpuCores) : Infinity;
    const raise = `raise the cpu ratio from ${cpuRatio} to ${ratio}`;
    const change = changeOn("raise-ratio", id, raise, say("change-raise-ratio", { from: cpuRatio, to: ratio }), 2.5 + (ratio - cpuRatio) / Math.max(1, cpuRatio), ratio, "vCPUs per core");
    const text = `${name} needs ${vcpus} vCPUs, ${id} has ${roundUp(left)} to sell (cpu ratio ${cpuRatio}): ${missing} missing`;
    const words = say("sold-cpu", { instance: name, needed: vcpus, host: id, left: roundUp(left), missing, ratio: cpuRatio });
    return lacks(model, host, "overcommit", "vCPUs", vcpus, left, text, words, change);
  },
};
