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
import { descendSteepest } from "./support/steepest-descent";

/** hbal's final scores on the same clusters; its moves where they were counted. */
const PEER = [
  { file: "bal20", kind: "static", score: 0.0970044, digits: 7, moves: 33 },
  { file: "bal50", kind: "static", score: 0.11698699, digits: 8, moves: 80 },
  { file: "bal100", kind: "static", score: 0.09920156, digits: 8, moves: 170 },
  { file: "bal20", kind: "dynamic", score: 0.3329, digits: 4, moves: null },
  { file: "bal50", kind: "dynamic", score: 0.3383, digits: 4, moves: null },
] as const;

/** Shares of hbal's moves that are tried, until its score is reached. */
const PARTS = [0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 1];

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

interface Compared {
  label: string;
  kind: "static" | "dynamic";
  snapshot: ClusterSnapshot;
  loads: Loads;
}

/** How our plans compare with hbal's end on one cluster; returns the score-against-moves curve. */
function compare(rows: BenchRow[], { label, kind, snapshot, loads }: Compared, score: number, moves: number): [number, number][] {
  const curve: [number, number][] = [];
  const plan = (part: number): { moves: number; score: number; ms: number } => {
    const started = performance.now();
    const made = rebalanceCluster(snapshot, { score: kind, loads, maxMoves: Math.floor(moves * part), seed: 1 });
    const ms = performance.now() - started;
    curve.push([movesOf(made), made.scoreAfter]);
    return { moves: movesOf(made), score: made.scoreAfter, ms };
  };
  const more = plan(1.5);
  const goal = kind === "static" ? 0.4 : 0.75;
  rows.push({ label: `${label}: score at 150 % of hbal's moves`, value: more.score / score, unit: `x hbal's (${more.moves} moves, ${more.ms.toFixed(0)} ms)`, goal: `<= ${goal}`, held: more.score <= goal * score });
  for (const part of PARTS) {
    const less = plan(part);
    if (part === 0.7) rows.push({ label: `${label}: score at 70 % of hbal's moves`, value: less.score / score, unit: `x hbal's (${less.moves} moves, ${less.ms.toFixed(0)} ms)`, goal: "<= 1.00", held: less.score <= score });
    if (less.score > score && part < 1) continue;
    rows.push({ label: `${label}: moves for hbal's own score`, value: less.score <= score ? less.moves / moves : Number.NaN, unit: `x hbal's (${less.moves} of ${moves})`, goal: "<= 0.70", held: less.score <= score && part <= 0.7 });
    break;
  }
  return curve.toSorted(([a], [b]) => a - b);
}

/** Rebalancing against hbal's figures, and on large clusters. */
export function run(options: { args: readonly string[] }): Promise<BenchResult> {
  const rows: BenchRow[] = [];
  const raw: Record<string, unknown> = {};
  const folder = dataFolder("clusters");
  if (folder === null) rows.push({ label: "skipped: the clusters that hbal was measured on are not here", value: 0, unit: "" });
  else {
    for (const { file, kind, score, digits, moves } of PEER) {
      const snapshot = snapshotOf(folder, file);
      const loads: Loads = kind === "dynamic" ? readLoads(read(folder, `${file}.util`)) : {};
      const replayed = descendSteepest(snapshot, kind, loads);
      const same = Math.abs(replayed.score - score) < 10 ** -digits && (moves === null || moves === replayed.moves);
      rows.push({ label: `${file} ${kind}: hbal's way replayed`, value: replayed.score, unit: `in ${replayed.moves} moves (hbal: ${score}${moves === null ? "" : ` in ${moves}`})`, goal: "= hbal", held: same });
      raw[`${file} ${kind}`] = compare(rows, { label: `${file} ${kind}`, kind, snapshot, loads }, score, replayed.moves);
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
    for (const seed of [11, 12]) {
      const snapshot = inventFleet(30, 10, seed);
      const replayed = descendSteepest(snapshot, "static", {});
      const label = `invented, 30 hosts, seed ${seed}`;
      raw[label] = compare(rows, { label, kind: "static", snapshot, loads: {} }, replayed.score, replayed.moves);
    }
    const snapshot = inventFleet(10_000, 10, 3);
    const started = performance.now();
    const plan = rebalanceCluster(snapshot, { score: "static", seed: 1 });
    const ms = performance.now() - started;
    rows.push({ label: "10,000 hosts x 100,000, score after", value: plan.scoreAfter, unit: `from ${plan.scoreBefore.toFixed(3)} in ${movesOf(plan)} moves` });
    rows.push({ label: "10,000 hosts x 100,000, time", value: ms / 1000, unit: "s", goal: "<= 30", held: ms <= 30_000 });
  }
  return Promise.resolve({ name: "rebalance", rows, raw });
}
