import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { checkPlan } from "@/server/planner";
import { drainGreedily } from "@/server/planner/consolidate/drain-greedily";
import { consolidateCluster } from "@/server/planner/consolidate-cluster";
import { buildModel } from "@/server/planner/model/model";
import { isClusterJson, readClusterJson } from "@/server/planner/read/read-cluster-json";
import type { BenchResult, BenchRow } from "../types";
import { dataFolder } from "./support/day";

/** Hosts needed, found with an exact solver; for 1,000 the sum of sizes over the largest hosts, which nobody can go below. */
const NEEDED: Record<number, number> = { 20: 3, 50: 8, 100: 16, 200: 32, 1000: 160 };

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
    const base = drainGreedily(model, model.hosts.map((_, index) => index));
    const baseGb = base.moves.reduce((sum, move) => sum + model.memoryMiB[move.instance]!, 0) / 1024;
    consolidateCluster(snapshot);
    const started = performance.now();
    const plan = consolidateCluster(snapshot);
    const ms = performance.now() - started;
    const gb = plan.actions.filter((one) => one.op === "migrate").reduce((sum, one) => sum + one.numbers.memoryMiB!, 0) / 1024;
    const possible = size - NEEDED[size]!;
    const freed = plan.hostsFreed.length;
    // Nobody who frees as many can move less than what is not on the fullest hosts.
    const resident = model.hosts.map((host) => snapshot.instances.reduce((sum, one) => sum + (one.hostId === host.id ? one.memoryMiB : 0), 0)).toSorted((a, b) => a - b);
    const least = resident.slice(0, freed).reduce((sum, one) => sum + one, 0) / 1024;
    rows.push({ label: `sqz${size}: hosts freed of the possible`, value: (freed / possible) * 100, unit: `% (${freed} of ${possible}; greedy ${base.freed.length})`, goal: ">= 99.5", held: freed / possible >= 0.995 });
    rows.push({ label: `sqz${size}: GB moved against plain greedy`, value: gb / baseGb, unit: `x (${gb.toFixed(0)} GB; nobody below ${least.toFixed(0)})`, goal: "<= 0.60", held: gb <= 0.6 * baseGb });
    const check = size <= 200 ? checkPlan(snapshot, plan) : null;
    rows.push({ label: `sqz${size}: certificate${check === null ? "" : " and plan pass the judge"}`, value: plan.certificate !== null && check?.ok !== false ? 1 : 0, unit: "", goal: "= 1", held: plan.certificate !== null && check?.ok !== false });
    if (size === 1000) rows.push({ label: "sqz1000: time", value: ms, unit: "ms", goal: "<= 200", held: ms <= 200 });
    raw[size] = { freed, possible, gb, baseGb, baseFreed: base.freed.length, least, ms };
  }
  return Promise.resolve({ name: "consolidate", rows, raw });
}
