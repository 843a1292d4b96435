import { Forecast } from "@/server/planner/steer/forecast";
import { DemandSteering, type SteerSettings } from "@/server/planner/steer/steer-demand";
import type { DataCentre, Policy, Vm } from "./data-centre";

export const SETTINGS: SteerSettings = {
  admitSigmas: 1.3,
  fill: 0.9,
  relieveAbove: 1,
  relieveTo: 0.92,
  movesPerInterval: 5,
  burst: 60,
  restAfterWake: 6,
  memoryBinds: false,
};

/** The product's steering in the seat of the policy under test. It sees samples up to now, never the future. */
export function berthPolicy(centre: DataCentre, settings: SteerSettings): Policy {
  const nodes = centre.nodes;
  const hosts = {
    cpu: Float64Array.from(nodes, (node) => node.type.total),
    corePeak: Float64Array.from(nodes, (node) => node.type.pe),
    memory: Float64Array.from(nodes, (node) => node.ram),
    wattsPerCpu: Float64Array.from(nodes, (node) => node.type.watts[10]! / node.type.total),
  };
  const sold = Float64Array.from(centre.vms, (vm) => vm.mips);
  const forecast = new Forecast(sold);
  const steering = new DemandSteering(hosts, { memory: Float64Array.from(centre.vms, (vm) => vm.ram), sold }, forecast, settings);
  const order = nodes.map((node) => node.id).toSorted((a, b) => hosts.wattsPerCpu[a]! - hosts.wattsPerCpu[b]! || a - b);
  const placed = new Float64Array(nodes.length);
  const rams = new Float64Array(nodes.length);
  let first = true;
  return {
    name: "berth",
    place: (_centre, vm: Vm) => {
      // The rules at the start: full room for what was sold under CloudSim's, memory and a share of the cores under ours.
      for (const host of order) {
        const node = nodes[host]!;
        if (vm.mips > node.type.pe || rams[host]! + vm.ram > node.ram) continue;
        const wanted = centre.rules === "cloudsim" ? vm.mips : vm.mips * 0.25;
        if (placed[host]! + wanted > node.type.total) continue;
        placed[host] = placed[host]! + wanted;
        rams[host] = rams[host]! + vm.ram;
        return host;
      }
      return -1;
    },
    decide: (now) => {
      forecast.observe(Float64Array.from(now.vms, (vm) => (vm.gone ? 0 : vm.requested)));
      const hostOf = Int32Array.from(now.vms, (vm) => (vm.gone ? -1 : vm.host));
      const moves = steering.decide(hostOf, first && centre.rules === "cloudsim");
      first = false;
      return moves.map((move) => ({ vm: now.vms[move.instance]!, to: move.to }));
    },
  };
}
