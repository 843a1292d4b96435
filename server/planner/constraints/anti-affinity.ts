import { hostAt, instanceAt, type DenseGroup, type Model } from "../model/model";
import { changeOn, forbids, type Constraint } from "./types";
import { say } from "../words";

function violated(model: Model, instance: number, host: number): DenseGroup | null {
  const groups = model.groupsOf[instance];
  if (groups === undefined) return null;
  for (const index of groups) {
    const dense = model.groups[index];
    if (dense === undefined || !dense.group.hard || dense.group.kind !== "apart") continue;
    const domain = dense.domainOfHost[host] ?? -1;
    // A host without the failure domain cannot prove to be apart, so it is refused.
    if (domain < 0 || (dense.countByDomain[domain] ?? 0) > 0) return dense;
  }
  return null;
}

/** Members of a hard "apart" group never share a host (or the failure domain that the group names). */
export const antiAffinity: Constraint = {
  rule: "anti-affinity",
  admits: (model, instance, host) => violated(model, instance, host) === null,
  explain: (model, instance, host) => {
    const { id } = hostAt(model, host);
    const dense = violated(model, instance, host);
    const name = instanceAt(model, instance).id;
    const group = dense?.group ?? { id: "?", scope: "host", instanceIds: [] };
    const domain = dense?.domainOfHost[host] ?? -1;
    if (domain < 0) {
      const text = `group ${group.id} keeps its members in different ${group.scope}s, and ${id} has no ${group.scope}`;
      const change = changeOn("connect-host", id, `give ${id} its ${group.scope}`, say("change-give-domain", { host: id, scope: group.scope }), 4);
      return forbids(model, host, "anti-affinity", text, say("no-domain", { group: group.id, scope: group.scope, host: id }), change);
    }
    const peer = group.instanceIds.find((other) => {
      const index = model.instanceIndex.get(other);
      const on = index === undefined ? -1 : (model.hostOf[index] ?? -1);
      return index !== instance && on >= 0 && dense?.domainOfHost[on] === domain;
    });
    const where = group.scope === "host" ? id : `the ${group.scope} of ${id}`;
    const text = `${name} must be apart from ${peer ?? "a member"} (group ${group.id}), which is on ${where}`;
    const other = peer ?? "?";
    const onHost = group.scope === "host";
    const move = onHost ? say("change-move-peer", { peer: other, host: id }) : say("change-move-peer-domain", { peer: other, scope: group.scope, host: id });
    const words = onHost
      ? say("apart-on-host", { instance: name, peer: other, group: group.id, host: id })
      : say("apart-in-domain", { instance: name, peer: other, group: group.id, scope: group.scope, host: id });
    return forbids(model, host, "anti-affinity", text, words, changeOn("move-peer", id, `move ${peer ?? "the member"} away from ${where}`, move, 3.5));
  },
};
