import { hostAt, instanceAt } from "../model/model";
import { changeOn, forbids, type Constraint } from "./types";
import { say } from "../words";

/** A guest keeps the CPU model that it was created with; the host must be able to offer it. */
export const cpuModel: Constraint = {
  rule: "cpu-model",
  admits: (model, instance, host) => {
    const needed = model.instances[instance]?.cpuModel ?? null;
    return needed === null || model.hosts[host]?.cpuModels.includes(needed) === true;
  },
  explain: (model, instance, host) => {
    const { id, cpuModels } = hostAt(model, host);
    const { id: name, cpuModel: needed } = instanceAt(model, instance);
    const change = changeOn("add-host", null, `add a host that offers the CPU model ${needed}`, say("change-add-model", { model: needed ?? "?" }), 10);
    const text = `${name} needs the CPU model ${needed}, ${id} offers ${cpuModels.join(", ") || "none"}`;
    return forbids(model, host, "cpu-model", text, say("cpu-model", { instance: name, model: needed ?? "?", host: id }), change);
  },
};
