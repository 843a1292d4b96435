import type { Concern } from "./types";

/** Preferences between instances: peers on the same host (or domain) where they should be apart, or elsewhere where not. */
export const softGroups: Concern = {
  name: "soft-groups",
  weight: 4,
  penalty: (model, instance, host) => {
    const groups = model.groupsOf[instance];
    if (groups === undefined || groups.length === 0) return 0;
    let penalty = 0;
    for (const index of groups) {
      const dense = model.groups[index];
      if (dense === undefined || dense.group.hard || dense.memberCount < 2) continue;
      const domain = dense.domainOfHost[host] ?? -1;
      const here = domain < 0 ? 0 : (dense.countByDomain[domain] ?? 0);
      const part = here / (dense.memberCount - 1);
      penalty += dense.group.kind === "apart" ? part : 1 - part;
    }
    return penalty;
  },
};
