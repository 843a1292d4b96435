import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { checkPlan } from "@/server/planner";
import { drainGreedily, type DrainFit } from "@/server/planner/consolidate/drain-greedily";
import { consolidateCluster } from "@/server/planner/consolidate-cluster";
import { buildModel, type Model } from "@/server/planner/model/model";
import { isClusterJson, readClusterJson } from "@/server/planner/read/read-cluster-json";
import type { BenchResult, BenchRow } from "../types";
import { dataFolder } from "./support/day";

/** Hosts needed, found with an exact solver; for 1,000 the sum of sizes over the largest hosts, which nobody can go below. */
const NEEDED: Record<number, number> = { 20: 3, 50: 8, 100: 16, 200: 32, 1000: 160 };

/**
 * No plan that frees so many hosts moves less: the hosts that stay must have room for everything, and at best nothing on them moves. Exact
 * where hosts have the same two makes, as here: for each number of large ones, the fullest of each make.
 */
export function leastGbMoved(model: Model, freed: number): number {
  const hosts = model.hosts.map((_, host) => host).toSorted((a, b) => model.usedMemoryMiB[b]! - model.usedMemoryMiB[a]!);
  const largest = Math.max(...model.sellableMemoryMiB);
  const large = hosts.filter((host) => model.sellableMemoryMiB[host] === largest);
  const small = hosts.filter((host) => model.sellableMemoryMiB[host] !== largest);
  const sum = (list: readonly number[], of: Float64Array): number => list.reduce((total, one) => total + of[one]!, 0);
  const keep = hosts.length - freed;
  let most = 0;
  for (let count = Math.max(0, keep - small.length); count <= Math.min(keep, large.length); count += 1) {
    const kept = [...large.slice(0, count), ...small.slice(0, keep - count)];
    const room = sum(kept, model.sellableMemoryMiB) >= sum(hosts, model.usedMemoryMiB) && sum(kept, model.sellableVcpus) >= sum(hosts, model.usedVcpus);
    if (room) most = Math.max(most, sum(kept, model.usedMemoryMiB));
  }
  return (sum(hosts, model.usedMemoryMiB) - most) / 1024;
}

/** Consolidation against the optimum and against a plain greedy drain. */
export function run(_options: { args: readonly string[] }): Promise<BenchResult> {
  const folder = dataFolder("clusters");
  if (folder === null) return Promise.resolve({ name: "consolidate", rows: [{ label: "skipped: the clusters are not here", value: 0, unit: "" }], raw: null });
  const rows: BenchRow[] = [];
  const raw: Record<string, unknown> = {};
  for (const size of [20, 50, 100, 200, 1000]) {
    const json: unknown = JSON.parse(gunzipSync(readFileSync(join(folder, `sqz${size}.json.gz`))).toString());
    if (!isClusterJson(json)) throw new Error(`sqz${size}.json is not a cluster`);
    const snapshot = readClusterJson(json);
    const model = buildModel(snapshot);
    const drained = (fit: DrainFit): { gb: number; freed: number } => {
      const copy = buildModel(snapshot);
      const { moves, freed } = drainGreedily(copy, copy.hosts.map((_, index) => index), fit);
      return { gb: moves.reduce((sum, move) => sum + copy.memoryMiB[move.instance]!, 0) / 1024, freed: freed.length };
    };
    const tight = drained("tight");
    const spread = drained("spread");
    consolidateCluster(snapshot);
    const started = performance.now();
    const plan = consolidateCluster(snapshot);
    const ms = performance.now() - started;
    const gb = plan.actions.filter((one) => one.op === "migrate").reduce((sum, one) => sum + one.numbers.memoryMiB!, 0) / 1024;
    const possible = size - NEEDED[size]!;
    const freed = plan.hostsFreed.length;
    const least = leastGbMoved(model, freed);
    rows.push({ label: `sqz${size}: hosts freed of the possible`, value: (freed / possible) * 100, unit: `% (${freed} of ${possible}; greedy best fit ${tight.freed}, greedy spread ${spread.freed})`, goal: ">= 99.5", held: freed / possible >= 0.995 });
    rows.push({ label: `sqz${size}: GB moved against greedy best fit`, value: gb / tight.gb, unit: `x (${gb.toFixed(0)} GB for ${freed} hosts against ${tight.gb.toFixed(0)} for ${tight.freed}; nobody who frees ${freed} can go below ${(least / tight.gb).toFixed(3)} x)`, goal: "<= 0.60", held: gb <= 0.6 * tight.gb });
    rows.push({ label: `sqz${size}: GB moved against greedy spread`, value: gb / spread.gb, unit: `x (${spread.gb.toFixed(0)} GB for ${spread.freed}; nobody below ${(least / spread.gb).toFixed(3)} x)`, goal: "<= 0.60", held: gb <= 0.6 * spread.gb });
    rows.push({ label: `sqz${size}: GB moved against the least possible`, value: gb / least, unit: `x of ${least.toFixed(0)} GB` });
    const check = size <= 200 ? checkPlan(snapshot, plan) : null;
    rows.push({ label: `sqz${size}: certificate${check === null ? "" : " and plan pass the judge"}`, value: plan.certificate !== null && check?.ok !== false ? 1 : 0, unit: "", goal: "= 1", held: plan.certificate !== null && check?.ok !== false });
    if (size === 1000) rows.push({ label: "sqz1000: time", value: ms, unit: "ms", goal: "<= 200", held: ms <= 200 });
    raw[size] = { freed, possible, gb, tight, spread, least, ms };
  }
  return Promise.resolve({ name: "consolidate", rows, raw });
}
