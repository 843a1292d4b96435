import { at, type Model } from "../model/model";
import type { Loads } from "../read/read-cluster-json";
import { BalanceState, type Dimension } from "./balance-state";

/** What is compared: Ganeti's static terms, the same with measured loads, or ours for live fleets (memory, vCPUs, demand). */
export type BalanceScore = "static" | "dynamic" | "demand";

/** The state of a model for balancing. `eligible` hosts only; the rest neither give nor take nor count. */
export function balanceState(model: Model, eligible: readonly number[], kind: BalanceScore, loads: Loads): { state: BalanceState; instances: number[] } {
  const local = new Map(eligible.map((host, index) => [host, index]));
  const instances: number[] = [];
  for (let i = 0; i < model.instances.length; i += 1) if (local.has(model.hostOf[i] ?? -1)) instances.push(i);
  const pick = (array: Float64Array): Float64Array => Float64Array.from(instances, (i) => at(array, i));
  const perHost = (value: (host: number) => number): Float64Array => Float64Array.from(eligible, value);
  const inverse = (value: number): number => (value > 0 ? 1 / value : 0);
  const memory = pick(model.memoryMiB);
  const vcpus = pick(model.vcpus);
  const total = (host: number): number => model.hosts[host]?.memoryMiB ?? 0;
  const dimensions: Dimension[] = [
    {
      // Used instead of free part: the standard deviation is the same.
      name: "memory",
      weight: 1,
      base: perHost((host) => (model.hosts[host]?.systemMemoryMiB ?? 0) * inverse(total(host))),
      perUnit: perHost((host) => inverse(total(host))),
      size: memory,
    },
    {
      name: "vcpus",
      weight: 1,
      base: perHost(() => 0),
      perUnit: perHost((host) => inverse(model.hosts[host]?.cpuCores ?? 0)),
      size: vcpus,
    },
  ];
  if (kind === "dynamic") {
    // Ganeti gives every host a pool of 1 for each load, so these compare sums.
    for (const [d, name] of ["cpu-load", "memory-load", "disk-load", "net-load"].entries()) {
      const size = Float64Array.from(instances, (i) => loads[model.instances[i]?.id ?? ""]?.[d] ?? 1);
      dimensions.push({ name, weight: 1, base: perHost(() => 0), perUnit: perHost(() => 1), size });
    }
  }
  if (kind === "demand") {
    dimensions.push({
      name: "cpu-demand",
      weight: 2,
      base: perHost(() => 0),
      perUnit: perHost((host) => inverse(at(model.hostCpuMillicores, host))),
      size: pick(model.cpuDemandMillicores),
    });
  }
  const state = new BalanceState(
    dimensions,
    Int32Array.from(instances, (i) => local.get(model.hostOf[i] ?? -1) ?? -1),
    memory,
    vcpus,
    perHost((host) => at(model.sellableMemoryMiB, host) - at(model.usedMemoryMiB, host)),
    perHost((host) => at(model.sellableVcpus, host) - at(model.usedVcpus, host)),
  );
  return { state, instances };
}
