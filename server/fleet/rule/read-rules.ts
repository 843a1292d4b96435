import { listInstancesForCluster } from "@/server/compute";
import type { Context } from "@/server/platform/context";
import { notFound } from "@/server/platform/errors";
import { inTransaction } from "@/server/platform/transaction";
import { findCluster } from "../cluster/store";
import { hostsOf } from "../host/store";
import type { PlacementRuleRow } from "../types";
import { rulesOf } from "./store";

/** A cluster's rules with names, and what a new one can be made of. */
export interface RulesView {
  readonly rules: readonly (PlacementRuleRow & { readonly instances: readonly { readonly id: string; readonly name: string }[]; readonly hostNames: readonly { readonly hostId: string; readonly name: string; readonly priority: number }[] })[];
  readonly instances: readonly { readonly id: string; readonly name: string; readonly organizationId: string }[];
  readonly hosts: readonly { readonly id: string; readonly name: string }[];
}

export function readPlacementRules(context: Context, clusterId: string): Promise<RulesView> {
  return inTransaction(context, async (tx) => {
    if (!(await findCluster(tx, clusterId))) throw notFound("cluster", clusterId);
    const hosts = (await hostsOf(tx, clusterId)).filter((host) => host.state !== "retired").map(({ id, name }) => ({ id, name }));
    const instances = (await listInstancesForCluster(tx, context, clusterId)).filter((one) => one.deletedAt === null && one.purgedAt === null).map(({ id, name, organizationId }) => ({ id, name, organizationId }));
    const hostName = new Map(hosts.map((host) => [host.id, host.name]));
    const instanceName = new Map(instances.map((one) => [one.id, one.name]));
    return {
      rules: (await rulesOf(tx, clusterId)).map((rule) => ({ ...rule, instances: rule.instanceIds.map((id) => ({ id, name: instanceName.get(id) ?? id })), hostNames: rule.hosts.map((host) => ({ ...host, name: hostName.get(host.hostId) ?? host.hostId })) })),
      instances,
      hosts,
    };
  }, { readOnly: true });
}
