import { at, hostAt, instanceAt } from "../model/model";
import { changeOn, lacks, roundUp, type Constraint } from "./types";
import { say } from "../words";

/** Rounding of sums of reservations; far below one millicore or MiB. */
const EPSILON = 1e-6;

/** What is guaranteed is never promised twice: reservations stay within the physical host. */
export const reservation: Constraint = {
  rule: "reservation",
  admits: (model, instance, host) =>
    at(model.reservedCpuMillicores, host) + at(model.cpuReservationMillicores, instance) <=
      at(model.hostCpuMillicores, host) + EPSILON &&
    at(model.reservedMemoryMiB, host) + at(model.memoryReservationMiB, instance) <= at(model.hostMemoryMiB, host) + EPSILON,
  explain: (model, instance, host) => {
    const { id } = hostAt(model, host);
    const name = instanceAt(model, instance).id;
    const cpuNeeded = at(model.cpuReservationMillicores, instance);
    const cpuLeft = at(model.hostCpuMillicores, host) - at(model.reservedCpuMillicores, host);
    if (cpuNeeded > cpuLeft + EPSILON) {
      const missing = roundUp(cpuNeeded - cpuLeft);
      const part = missing / at(model.hostCpuMillicores, host);
      const change = changeOn("free-resource", id, `free ${missing} reserved millicores on ${id}`, say("change-free-cpu", { missing: missing / 1000, host: id }), 3 + part, missing, "millicores");
      const text = `${name} reserves ${cpuNeeded} millicores, ${id} has ${roundUp(cpuLeft)} not reserved: ${missing} missing`;
      const words = say("reserved-cpu", { instance: name, needed: cpuNeeded / 1000, host: id, left: roundUp(cpuLeft / 1000), missing: missing / 1000 });
      return lacks(model, host, "reservation", "millicores", cpuNeeded, cpuLeft, text, words, change);
    }
    const needed = at(model.memoryReservationMiB, instance);
    const left = at(model.hostMemoryMiB, host) - at(model.reservedMemoryMiB, host);
    const missing = roundUp(needed - left);
    const part = missing / at(model.hostMemoryMiB, host);
    const change = changeOn("free-resource", id, `free ${missing} MiB on ${id}`, say("change-free-memory", { missingMiB: missing, host: id }), 3 + part, missing, "MiB");
    const text = `${name} reserves ${needed} MiB, ${id} has ${roundUp(left)} MiB not reserved: ${missing} MiB missing`;
    const words = say("reserved-memory", { instance: name, neededMiB: needed, host: id, leftMiB: roundUp(left), missingMiB: missing });
    return lacks(model, host, "reservation", "MiB", needed, left, text, words, change);
  },
};
