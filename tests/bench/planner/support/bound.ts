import { DataCentre, INTERVAL, power } from "./data-centre";

/**
 * No policy can burn less: in each interval all demand on the most frugal hosts, filled to the brim, but at least so many hosts as all
 * the memory needs. Nobody leaves.
 */
export function lowerBoundKWh(day: readonly Float64Array[], hostRam: number): number {
  const centre = new DataCentre(day, "berth", hostRam);
  const frugal = centre.nodes[1]!.type;
  const forMemory = Math.ceil(centre.vms.reduce((sum, vm) => sum + vm.ram, 0) / hostRam);
  let joules = 0;
  // The first interval is charged to nobody: nothing has been measured yet.
  for (let step = 1; step < 287; step += 1) {
    const demand = (at: number): number => centre.vms.reduce((sum, vm) => sum + vm.mips * vm.data[at]!, 0);
    const mean = (demand(step) + demand(step + 1)) / 2;
    const hosts = mean / frugal.total;
    joules += (hosts >= forMemory ? hosts * power(frugal, 1) : forMemory * power(frugal, hosts / forMemory)) * INTERVAL;
  }
  return joules / 3_600_000;
}
