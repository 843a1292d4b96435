import { at, type Model } from "../model/model";
import type { Concern } from "./types";

function fillAfter(model: Model, instance: number, host: number): { memory: number; vcpus: number } {
  return {
    memory: (at(model.usedMemoryMiB, host) + at(model.memoryMiB, instance)) / Math.max(1, at(model.sellableMemoryMiB, host)),
    vcpus: (at(model.usedVcpus, host) + at(model.vcpus, instance)) / Math.max(1, at(model.sellableVcpus, host)),
  };
}

/** Spread: the fuller side of the host after placing counts, so that hosts fill evenly. */
export const spread: Concern = {
  name: "spread",
  weight: 1,
  penalty: (model, instance, host) => {
    const { memory, vcpus } = fillAfter(model, instance, host);
    return Math.max(memory, vcpus) + 0.1 * Math.min(memory, vcpus);
  },
};

/** Pack: the emptier side counts, so that few hosts are used and both sides of a host fill up. */
export const pack: Concern = {
  name: "pack",
  weight: 1,
  penalty: (model, instance, host) => {
    const { memory, vcpus } = fillAfter(model, instance, host);
    return 1 - memory + 0.5 * Math.abs(memory - vcpus);
  },
};
