import type { ClusterSnapshot, Instance } from "../types";
import { needCurve } from "./needs";
import { seasonalProfile } from "./seasonal";

/**
 * Demand of the coming hours instead of the present one: for instances with a history, mean and spread of their habit at the moment in
 * [now, now + horizon] when the cluster is expected to want most (they do not all peak together), and never less than what is given. Instances
 * without a history stay as they are; a snapshot without any comes back unchanged.
 */
export function expectDemand(snapshot: ClusterSnapshot, horizonSeconds: number): ClusterSnapshot {
  if (!snapshot.instances.some((one) => one.history !== undefined)) return snapshot;
  const { atSeconds } = needCurve(snapshot)(snapshot.takenAtSeconds, snapshot.takenAtSeconds + horizonSeconds);
  const instances = snapshot.instances.map((one): Instance => {
    if (one.history === undefined || one.history.cpuMillicores.length === 0) return one;
    const { mean, spread } = seasonalProfile(one.history).at(atSeconds);
    const given = one.demand ?? { cpuMillicores: 0, cpuSpreadMillicores: 0, memoryMiB: one.memoryMiB };
    return { ...one, demand: { ...given, cpuMillicores: Math.max(given.cpuMillicores, mean), cpuSpreadMillicores: Math.max(given.cpuSpreadMillicores, spread) } };
  });
  return { ...snapshot, instances };
}
