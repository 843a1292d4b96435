import { hostAt, instanceAt, type Model } from "../model/model";
import { changeOn, forbids, type Constraint } from "./types";

function firstMissing(model: Model, instance: number, host: number): string | null {
  const { storagePools, networks } = hostAt(model, host);
  const one = instanceAt(model, instance);
  for (const disk of one.disks) if (!storagePools.includes(disk.storagePoolId)) return `storage pool ${disk.storagePoolId}`;
  for (const network of one.networks) if (!networks.includes(network)) return `network ${network}`;
  return null;
}

/** Disks and networks must be there where the instance runs. */
export const reachability: Constraint = {
  rule: "reachability",
  admits: (model, instance, host) => firstMissing(model, instance, host) === null,
  explain: (model, instance, host) => {
    const { id } = hostAt(model, host);
    const missing = firstMissing(model, instance, host) ?? "nothing";
    const text = `${instanceAt(model, instance).id} needs ${missing}, which ${id} does not reach`;
    return forbids(model, host, "reachability", text, changeOn("connect-host", id, `connect ${id} to ${missing}`, 4));
  },
};
