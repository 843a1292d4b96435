import { at, hostAt, instanceAt } from "../model/model";
import { changeOn, lacks, type Constraint } from "./types";
import { say } from "../words";

/** An instance must fit into the physical host by itself, whatever the ratios: a guest wider than its host only waits. */
export const capacity: Constraint = {
  rule: "capacity",
  admits: (model, instance, host) =>
    at(model.vcpus, instance) * 1000 <= at(model.hostCpuMillicores, host) &&
    at(model.memoryMiB, instance) <= at(model.hostMemoryMiB, host),
  explain: (model, instance, host) => {
    const { id } = hostAt(model, host);
    const one = instanceAt(model, instance);
    const cores = at(model.hostCpuMillicores, host) / 1000;
    const memory = at(model.hostMemoryMiB, host);
    const change = changeOn(
      "add-host",
      null,
      `add a host with at least ${one.vcpus} cores and ${one.memoryMiB} MiB for instances`,
      say("change-add-host", { cores: one.vcpus, hostMiB: one.memoryMiB }),
      10,
    );
    if (one.vcpus > cores) {
      const text = `${one.id} has ${one.vcpus} vCPUs, all of ${id} has ${cores} cores`;
      const words = say("capacity-cores", { instance: one.id, vcpus: one.vcpus, host: id, cores });
      return lacks(model, host, "capacity", "cores", one.vcpus, cores, text, words, change);
    }
    const text = `${one.id} has ${one.memoryMiB} MiB, all of ${id} has ${memory} MiB for instances`;
    const words = say("capacity-memory", { instance: one.id, neededMiB: one.memoryMiB, host: id, hostMiB: memory });
    return lacks(model, host, "capacity", "MiB", one.memoryMiB, memory, text, words, change);
  },
};
