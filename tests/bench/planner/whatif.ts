import { buildModel, type Model } from "@/server/planner/model/model";
import { inventFleet } from "@/server/planner/read/invent-fleet";
import { seededRandom } from "@/server/planner/random";
import { bookOf } from "@/server/planner/what-if";
import type { BenchResult, BenchRow } from "../types";

/** What-if of every single host loss on a large fleet: cold, and after each change. */
export function run(options: { args: readonly string[] }): Promise<BenchResult> {
  const hostCount = options.args.includes("--small") ? 500 : 10_000;
  const model: Model = buildModel(inventFleet(hostCount, 10, 5));
  const colds: number[] = [];
  let book = bookOf(model, seededRandom(1));
  for (let round = 0; round < 5; round += 1) {
    const started = performance.now();
    book = bookOf(model, seededRandom(round + 2));
    colds.push(performance.now() - started);
  }
  const random = seededRandom(9);
  const times = new Float64Array(50_000);
  for (let change = 0; change < times.length; change += 1) {
    const instance = Math.floor(random() * model.instances.length);
    const to = Math.floor(random() * hostCount);
    const from = book.hostOf[instance]!;
    const fits = book.freeMiB[to]! >= model.memoryMiB[instance]! && book.freeVcpus[to]! >= model.vcpus[instance]!;
    const started = performance.now();
    book.remove(instance);
    book.add(instance, fits ? to : from);
    times[change] = (performance.now() - started) * 1000;
  }
  times.sort();
  colds.sort((a, b) => a - b);
  const mean = times.reduce((sum, one) => sum + one, 0) / times.length;
  const cold = colds[2]!;
  let unsafeHosts = 0;
  for (let host = 0; host < hostCount; host += 1) if (!book.isSafe(host)) unsafeHosts += 1;
  const rows: BenchRow[] = [
    { label: `cold, ${hostCount} hosts x ${model.instances.length} instances`, value: cold, unit: "ms (median of 5)", goal: "<= 50", held: cold <= 50 },
    { label: "per change, mean", value: mean, unit: "us", goal: "<= 50", held: mean <= 50 },
    { label: "per change, p99", value: times[Math.floor(times.length * 0.99)]!, unit: "us" },
    { label: "hosts whose loss is not proved safe", value: unsafeHosts, unit: "hosts" },
  ];
  return Promise.resolve({ name: "whatif", rows, raw: { colds, mean } });
}
