import { HEADROOM_COUNTED, type FleetFigures } from "@/server/fleet";
import { placeInstances } from "@/server/planner";
import type { ClusterSnapshot, Instance } from "@/server/planner/types";
import { prove } from "../steer/certificate";
import type { SteeringView } from "../steer/view";
import type { Course, Run } from "./course";

const HEADROOM_STEP = 10;
const IN_SERVICE: readonly string[] = ["up", "asleep", "isolated", "returning"];

/** The size that most machines of a cluster have; where there is none, one processor and 1 GiB. */
export function usualMachine(planner: ClusterSnapshot): Instance {
  const counts = new Map<string, { count: number; one: Instance }>();
  for (const one of planner.instances) {
    if (one.wanted !== "on" || one.hostId === null) continue;
    const key = `${one.vcpus}/${one.memoryMiB}/${one.instanceClass.name}`;
    counts.set(key, { count: (counts.get(key)?.count ?? 0) + 1, one });
  }
  const [most] = [...counts.values()].sort((a, b) => b.count - a.count || a.one.memoryMiB - b.one.memoryMiB);
  const like = most?.one;
  return {
    id: "usual", name: "a machine of the usual size", generation: 1, vcpus: like?.vcpus ?? 1, memoryMiB: like?.memoryMiB ?? 1_024,
    instanceClass: like?.instanceClass ?? { name: "standard", cpuReservationMillicoresPerVcpu: 100, cpuLimitMillicoresPerVcpu: 1_000, cpuSharesPerVcpu: 1_024, memoryReservationRatio: 1, memorySharesPerMiB: 1 },
    wanted: "on", hostId: null, cpuModel: null, disks: [], networks: [], canMigrate: true,
  };
}

/** How many more machines of the usual size find a place while the reserve holds; sleepers count, because they are woken for orders. */
function headroomOf(planner: ClusterSnapshot): number {
  const awake = { ...planner, hosts: planner.hosts.map((host) => (host.state === "asleep" || host.state === "waking" ? { ...host, state: "up" as const } : host)) };
  const usual = usualMachine(planner);
  let view = awake;
  let placed = 0;
  while (placed < HEADROOM_COUNTED) {
    // A few at a time: what finds no place is searched for long, so that nothing more is tried after the first that does not.
    const orders = Array.from({ length: HEADROOM_STEP }, (_, index) => ({ instance: { ...usual, id: `usual-${placed + index}` } }));
    const plan = placeInstances(view, orders);
    const hostOf = new Map(plan.actions.filter((action) => action.op === "place").map((action) => [action.instanceId, action.toHostId]));
    placed += hostOf.size;
    if (hostOf.size < orders.length) break;
    view = { ...view, instances: [...view.instances, ...orders.map(({ instance }) => ({ ...instance, hostId: hostOf.get(instance.id) ?? null }))] };
  }
  return placed;
}

/** A fleet after a stretch, in figures. `planner` is the view that new orders would meet. */
export function figuresOf(course: Course, view: SteeringView, run: Run, ratios: { readonly cpuRatio: number; readonly memoryRatio: number } = view.snapshot.cluster, planner: ClusterSnapshot = view.snapshot.planner): FleetFigures {
  const hosts = [...course.hosts.values()].filter((host) => IN_SERVICE.includes(host.state));
  const asleep = hosts.filter((host) => host.state === "asleep").map((host) => host.id);
  const proof = prove(planner, view.snapshot, asleep);
  const extra = [...course.extra.values()];
  const placed = [...course.allocations.values()];
  const { electricityMicrosPerKwh, carbonGramsPerKwh } = course.automation;
  const kwh = run.usedKwh + run.movesKwh;
  return {
    hostsAwake: hosts.length - asleep.length,
    hostsAsleep: asleep.length,
    instances: placed.length + extra.reduce((sum, one) => sum + one.instances, 0),
    vcpusSold: placed.reduce((sum, row) => sum + row.vcpus, 0) + extra.reduce((sum, one) => sum + one.vcpus, 0),
    vcpusSellable: hosts.reduce((sum, host) => sum + Math.floor(host.cores * ratios.cpuRatio), 0),
    memorySoldMiB: placed.reduce((sum, row) => sum + row.memoryMiB, 0) + extra.reduce((sum, one) => sum + one.memoryMiB, 0),
    memorySellableMiB: hosts.reduce((sum, host) => sum + Math.floor((host.memoryMiB - host.systemMemoryMiB) * ratios.memoryRatio), 0),
    headroomMachines: headroomOf(planner),
    hottestFraction: run.hottest.fraction,
    hottestHostName: run.hottest.hostName,
    contentionMinutes: run.contentionMinutes,
    kwh,
    moneyMicros: Math.round(kwh * electricityMicrosPerKwh),
    carbonGrams: kwh * carbonGramsPerKwh,
    lossSurvived: proof.certificate !== null,
    uncoveredHostName: proof.certificate === null ? proof.uncovered : null,
  };
}
