import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { inventFleet } from "@/server/planner/read/invent-fleet";
import { isClusterJson, readClusterJson, type Loads } from "@/server/planner/read/read-cluster-json";
import { readLoads } from "@/server/planner/read/read-ganeti";
import { rebalanceCluster } from "@/server/planner/rebalance-cluster";
import type { ClusterSnapshot } from "@/server/planner";
import type { BenchResult, BenchRow } from "../types";
import { dataFolder } from "./support/day";

/** hbal's final scores and moves on the same clusters. */
const PEER = [
  { file: "bal20", kind: "static", score: 0.0970044, moves: 33 },
  { file: "bal50", kind: "static", score: 0.11698699, moves: 80 },
  { file: "bal100", kind: "static", score: 0.09920156, moves: 170 },
  { file: "bal20", kind: "dynamic", score: 0.3329, moves: 33 },
  { file: "bal50", kind: "dynamic", score: 0.3383, moves: 80 },
] as const;

function read(folder: string, name: string): string {
  return gunzipSync(readFileSync(join(folder, `${name}.gz`))).toString();
}

function snapshotOf(folder: string, name: string): ClusterSnapshot {
  const json: unknown = JSON.parse(read(folder, `${name}.json`));
  if (!isClusterJson(json)) throw new Error(`${name}.json is not a cluster`);
  return readClusterJson(json);
}

function movesOf(plan: ReturnType<typeof rebalanceCluster>): number {
  return plan.actions.filter((action) => action.op === "migrate").length;
}

/** Rebalancing against hbal's figures, and on large clusters. */
export function run(options: { args: readonly string[] }): Promise<BenchResult> {
  const rows: BenchRow[] = [];
  const raw: Record<string, unknown> = {};
  const folder = dataFolder("clusters");
  if (folder === null) rows.push({ label: "skipped: the clusters that hbal was measured on are not here", value: 0, unit: "" });
  else {
    for (const { file, kind, score, moves } of PEER) {
      const snapshot = snapshotOf(folder, file);
      const loads: Loads = kind === "dynamic" ? readLoads(read(folder, `${file}.util`)) : {};
      const curve: [number, number][] = [];
      for (const part of [0.7, 0.8, 0.9, 1, 1.5]) {
        const started = performance.now();
        const plan = rebalanceCluster(snapshot, { score: kind, loads, maxMoves: Math.floor(moves * part), seed: 1 });
        const ms = performance.now() - started;
        curve.push([movesOf(plan), plan.scoreAfter]);
        if (part === 0.7) rows.push({ label: `${file} ${kind}: score at 70 % of hbal's moves`, value: plan.scoreAfter / score, unit: `x hbal's (${movesOf(plan)} moves, ${ms.toFixed(0)} ms)`, goal: "<= 1.00", held: plan.scoreAfter <= score });
        if (part === 1.5) {
          const goal = kind === "static" ? 0.4 : 0.75;
          rows.push({ label: `${file} ${kind}: score at 150 % of hbal's moves`, value: plan.scoreAfter / score, unit: `x hbal's (${movesOf(plan)} moves, ${ms.toFixed(0)} ms)`, goal: `<= ${goal}`, held: plan.scoreAfter <= goal * score });
        }
      }
      const enough = curve.find(([, after]) => after <= score);
      rows.push({ label: `${file} ${kind}: moves for hbal's own score, at most`, value: (enough?.[0] ?? Number.NaN) / moves, unit: "x hbal's" });
      raw[`${file} ${kind}`] = curve;
    }
    if (existsSync(join(folder, "bal1000.json.gz"))) {
      const snapshot = snapshotOf(folder, "bal1000");
      const started = performance.now();
      const plan = rebalanceCluster(snapshot, { score: "static", seed: 1 });
      const ms = performance.now() - started;
      rows.push({ label: "bal1000 (1,000 hosts x 10,000), score before -> after", value: plan.scoreAfter, unit: `from ${plan.scoreBefore.toFixed(3)} in ${movesOf(plan)} moves` });
      rows.push({ label: "bal1000, time", value: ms / 1000, unit: "s", goal: "<= 1", held: ms <= 1000 });
    }
  }
  if (!options.args.includes("--quick")) {
    const snapshot = inventFleet(10_000, 10, 3);
    const started = performance.now();
    const plan = rebalanceCluster(snapshot, { score: "static", seed: 1 });
    const ms = performance.now() - started;
    rows.push({ label: "10,000 hosts x 100,000, score after", value: plan.scoreAfter, unit: `from ${plan.scoreBefore.toFixed(3)} in ${movesOf(plan)} moves` });
    rows.push({ label: "10,000 hosts x 100,000, time", value: ms / 1000, unit: "s", goal: "<= 30", held: ms <= 30_000 });
  }
  return Promise.resolve({ name: "rebalance", rows, raw });
}
