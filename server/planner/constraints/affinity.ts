import { hostAt, instanceAt, type DenseGroup, type Model } from "../model/model";
import { changeOn, forbids, type Constraint } from "./types";
import { say } from "../words";

function violated(model: Model, instance: number, host: number): DenseGroup | null {
  const groups = model.groupsOf[instance];
  if (groups === undefined) return null;
  for (const index of groups) {
    const dense = model.groups[index];
    if (dense === undefined || !dense.group.hard || dense.group.kind !== "together") continue;
    const domain = dense.domainOfHost[host] ?? -1;
    if (domain < 0) return dense;
    const placed = dense.countByDomain.reduce((sum, count) => sum + count, 0);
    if (placed > 0 && (dense.countByDomain[domain] ?? 0) < placed) return dense;
  }
  return null;
}

/** Members of a hard "together" group share one host (or failure domain). */
export const affinity: Constraint = {
  rule: "affinity",
  admits: (model, instance, host) => violated(model, instance, host) === null,
  explain: (model, instance, host) => {
    const { id } = hostAt(model, host);
    const groupId = violated(model, instance, host)?.group.id ?? "?";
    const name = instanceAt(model, instance).id;
    const text = `${name} must be together with group ${groupId}, which is not on ${id}`;
    const change = changeOn("relax-rule", null, `make group ${groupId} a preference`, say("change-soften-group", { group: groupId }), 5);
    return forbids(model, host, "affinity", text, say("together", { instance: name, group: groupId, host: id }), change);
  },
};
