import { hostAt, instanceAt, type Model } from "../model/model";
import { changeOn, forbids, type Constraint } from "./types";
import { say } from "../words";

interface Missing {
  kind: "pool" | "network";
  id: string;
}

function firstMissing(model: Model, instance: number, host: number): Missing | null {
  const { storagePools, networks } = hostAt(model, host);
  const one = instanceAt(model, instance);
  for (const disk of one.disks) if (!storagePools.includes(disk.storagePoolId)) return { kind: "pool", id: disk.storagePoolId };
  for (const network of one.networks) if (!networks.includes(network)) return { kind: "network", id: network };
  return null;
}

/** Disks and networks must be there where the instance runs. */
export const reachability: Constraint = {
  rule: "reachability",
  admits: (model, instance, host) => firstMissing(model, instance, host) === null,
  explain: (model, instance, host) => {
    const { id } = hostAt(model, host);
    const { kind, id: what } = firstMissing(model, instance, host) ?? { kind: "network" as const, id: "?" };
    const name = instanceAt(model, instance).id;
    const missing = kind === "pool" ? `storage pool ${what}` : `network ${what}`;
    const text = `${name} needs ${missing}, which ${id} does not reach`;
    const why = kind === "pool" ? say("no-pool", { instance: name, pool: what, host: id }) : say("no-network", { instance: name, network: what, host: id });
    const connect = kind === "pool" ? say("change-connect-pool", { host: id, pool: what }) : say("change-connect-network", { host: id, network: what });
    return forbids(model, host, "reachability", text, why, changeOn("connect-host", id, `connect ${id} to ${missing}`, connect, 4));
  },
};
