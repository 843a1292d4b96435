/**
 * `npm run plan -- FILE --policy place|rebalance|consolidate|evacuate|failover`: the planner on a file. The only file of this room that
 * reads, prints and looks at a clock.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { gunzipSync } from "node:zlib";
import { explainPlan } from "./explain";
import type { FailoverCase } from "./failover/case-types";
import { planCase } from "./failover/plan-case";
import { makePlan } from "./plan";
import { inventFleet } from "./read/invent-fleet";
import { readLoads } from "./read/read-ganeti";
import { readOrders, readSnapshot } from "./read/read-snapshot";
import type { ClusterSnapshot, Plan, PolicyName } from "./types";

const POLICIES: readonly PolicyName[] = ["place", "rebalance", "consolidate", "evacuate", "failover"];
const USAGE =
  "npm run plan -- FILE --policy place|rebalance|consolidate|evacuate|failover [-U LOADS] [--orders FILE] [--hosts a,b] [--seed N]\n" +
  "                [--max-moves N] [--json OUT]\n" +
  "       FILE: a snapshot (JSON), a generated cluster (JSON) or a Ganeti text file; .gz and - (standard input) are read too\n" +
  "       --simulate hosts=N,perHost=N,seed=N instead of FILE; --policy failover --case FILE|- for one-line cases";

function readText(path: string): string {
  const bytes = readFileSync(path === "-" ? 0 : path);
  return (bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes) : bytes).toString("utf8");
}

function readNumber(value: string | undefined, name: string): number | undefined {
  if (value === undefined) return undefined;
  const number = Number(value);
  if (!Number.isInteger(number) || number < 0) throw new Error(`${name} must be a whole number, it is "${value}"`);
  return number;
}

function simulate(words: string): ClusterSnapshot {
  const settings = new Map(words.split(",").map((pair) => pair.split("=") as [string, string]));
  const get = (key: string, fallback: number): number => readNumber(settings.get(key), `--simulate ${key}`) ?? fallback;
  return inventFleet(get("hosts", 20), get("perHost", 10), get("seed", 1));
}

/** The form that replays anywhere: one line a step. */
function forReplay(plan: Plan, ms: number): object {
  return {
    policy: plan.policy,
    scoreBefore: plan.scoreBefore,
    scoreAfter: plan.scoreAfter,
    moves: plan.actions.filter((one) => one.op === "migrate" || (one.op === "start" && one.fromHostId !== null)).length,
    hostsFreed: plan.hostsFreed.length,
    freed: plan.hostsFreed,
    gbMoved: plan.predicted.gbMoved,
    ms,
    plan: plan.actions.map(({ op, instanceId, fromHostId, toHostId, wave, reason }) => ({
      op,
      instance: instanceId,
      from: fromHostId,
      to: toHostId,
      wave,
      reason,
    })),
    predicted: plan.predicted,
    refusals: plan.refusals,
    leftOut: plan.leftOut,
    certificate: plan.certificate,
    summary: plan.summary,
  };
}

function main(): void {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      policy: { type: "string" },
      orders: { type: "string" },
      hosts: { type: "string" },
      seed: { type: "string" },
      "max-moves": { type: "string" },
      json: { type: "string" },
      case: { type: "string" },
      simulate: { type: "string" },
      utilization: { type: "string", short: "U" },
    },
  });
  const policy = POLICIES.find((one) => one === values.policy);
  if (policy === undefined) throw new Error(`--policy must be one of ${POLICIES.join(", ")}\n${USAGE}`);
  if (values.case !== undefined) {
    const lines = readText(values.case).split("\n").filter((line) => line.trim() !== "");
    const results = lines.map((line) => JSON.stringify(planCase(JSON.parse(line) as FailoverCase)));
    writeFileSync(1, results.map((line) => `${line}\n`).join(""));
    return;
  }
  const [file] = positionals;
  if (file === undefined && values.simulate === undefined) throw new Error(`a file or --simulate is needed\n${USAGE}`);
  const snapshot = values.simulate === undefined ? readSnapshot(readText(file ?? "-")) : simulate(values.simulate);
  const loads = values.utilization === undefined ? undefined : readLoads(readText(values.utilization));
  const started = performance.now();
  const plan = makePlan(snapshot, {
    policy,
    orders: values.orders === undefined ? undefined : readOrders(readText(values.orders)),
    hostIds: values.hosts?.split(",").filter((one) => one !== ""),
    seed: readNumber(values.seed, "--seed"),
    maxMoves: readNumber(values["max-moves"], "--max-moves"),
    score: loads === undefined ? "static" : "dynamic",
    loads,
  });
  const ms = performance.now() - started;
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(forReplay(plan, ms), null, 1)}\n`);
  if (values.json !== "/dev/stdout") writeFileSync(1, `${explainPlan(plan)}\nPlanned in ${ms.toFixed(0)} ms\n`);
}

try {
  main();
} catch (error) {
  process.stderr.write(`plan: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
