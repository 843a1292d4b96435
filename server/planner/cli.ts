/**
 * `npm run plan -- FILE --policy place|rebalance|consolidate|evacuate|failover`: the planner on a file. The only file of this room that
 * reads, prints and looks at a clock.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { gunzipSync } from "node:zlib";
import { checkPlan } from "./check-plan";
import { explainPlan, explainWhatIf } from "./explain";
import type { FailoverCase } from "./failover/case-types";
import { planCase } from "./failover/plan-case";
import { makePlan } from "./plan";
import { inventFleet } from "./read/invent-fleet";
import { readLoads } from "./read/read-ganeti";
import { readOrders, readSnapshot } from "./read/read-snapshot";
import { SNAPSHOT_SCHEMA } from "./read/snapshot-schema";
import { toJsonSchema } from "./read/validate";
import type { CheckResult, ClusterSnapshot, Plan, PlacementOrder, PolicyName } from "./types";
import { whatIfLost, whatIfPairsLost } from "./what-if";

const POLICIES: readonly PolicyName[] = ["place", "rebalance", "consolidate", "evacuate", "failover"];
const USAGE = `usage: npm run plan -- FILE --policy place|rebalance|consolidate|evacuate|failover [options]
  FILE             a snapshot (JSON, see --schema), a generated cluster (JSON) or a Ganeti text file; .gz and - (standard input) too
  --simulate hosts=N,perHost=N,seed=N   an invented fleet instead of FILE
  -U FILE          loads for a Ganeti file, "name cpu memory disk net" a line: rebalance uses them
  --orders FILE    place: a JSON list of instances; absent: those of the snapshot that have no place
  --hosts a,b      evacuate: hosts to empty; failover: hosts that are dead (absent: what if each were lost?)
  --at-once N      evacuate: a rolling update, N hosts at a time, within the failover reserve
  --seed N         chance of the search; same seed, same plan
  --max-moves N    rebalance, consolidate
  --reserve N      any N hosts may fail, instead of what the file says
  --risk PART      at most this part of minutes with contention (0..1), instead of what the file says
  --why            also what was rejected for each action
  --json OUT       the plan as JSON; - for standard output and nothing else
  --case FILE|-    failover: one-line cases, one answer a line
  --schema         prints the JSON schema of a snapshot`;

function readText(path: string): string {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path === "-" ? 0 : path);
  } catch (error) {
    throw new Error(`reading ${path}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
  return (bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes) : bytes).toString("utf8");
}

const toStandardOutput = (path: string | undefined): boolean => path === "/dev/stdout" || path === "-";

/** Standard output may be a socket, which cannot be opened by its path. */
function writeJson(path: string, value: object): void {
  writeFileSync(toStandardOutput(path) ? 1 : path, `${JSON.stringify(value, null, 1)}\n`);
}

function readNumber(value: string | undefined, name: string): number | undefined {
  if (value === undefined) return undefined;
  const number = Number(value);
  if (value.trim() === "" || !Number.isInteger(number) || number < 0) throw new Error(`${name} must be a whole number from 0, it is "${value}"`);
  return number;
}

function readPart(value: string | undefined, name: string): number | undefined {
  if (value === undefined) return undefined;
  const number = Number(value);
  if (value.trim() === "" || !(number >= 0 && number <= 1)) throw new Error(`${name} must be between 0 and 1, it is "${value}"`);
  return number;
}

function simulate(words: string): ClusterSnapshot {
  const settings = new Map<string, string>();
  for (const pair of words.split(",")) {
    const [key = "", value] = pair.split("=");
    if (!["hosts", "perHost", "seed"].includes(key) || value === undefined) throw new Error(`--simulate takes hosts=N,perHost=N,seed=N, it has "${pair}"`);
    settings.set(key, value);
  }
  const get = (key: string, fallback: number): number => readNumber(settings.get(key), `--simulate ${key}`) ?? fallback;
  return inventFleet(get("hosts", 20), get("perHost", 10), get("seed", 1));
}

function readHostIds(words: string | undefined, snapshot: ClusterSnapshot): string[] | undefined {
  const ids = words?.split(",").map((one) => one.trim()).filter((one) => one !== "");
  const known = new Set(snapshot.hosts.map((host) => host.id));
  const unknown = ids?.filter((id) => !known.has(id)) ?? [];
  if (unknown.length > 0) {
    const some = snapshot.hosts.slice(0, 5).map((host) => host.id);
    throw new Error(`--hosts: there is no host ${unknown.join(", ")} in the file; it has ${snapshot.hosts.length} hosts, for example ${some.join(", ") || "none"}`);
  }
  return ids;
}

/** The form that replays anywhere: one line a step. */
function forReplay(plan: Plan, ms: number, check: CheckResult): object {
  return {
    policy: plan.policy,
    scoreBefore: plan.scoreBefore,
    scoreAfter: plan.scoreAfter,
    moves: plan.actions.filter((one) => one.op === "migrate" || (one.op === "start" && one.fromHostId !== null)).length,
    hostsFreed: plan.hostsFreed.length,
    freed: plan.hostsFreed,
    gbMoved: plan.predicted.gbMoved,
    ms,
    plan: plan.actions.map(({ op, instanceId, fromHostId, toHostId, wave, reason, numbers, predicted, basedOn }) => ({
      op,
      instance: instanceId,
      from: fromHostId,
      to: toHostId,
      wave,
      reason,
      numbers,
      predicted,
      basedOn,
    })),
    predicted: plan.predicted,
    schedule: plan.schedule,
    stages: plan.stages,
    scoreCurve: plan.scoreCurve,
    rejected: plan.rejected,
    refusals: plan.refusals,
    leftOut: plan.leftOut,
    certificate: plan.certificate,
    summary: plan.summary,
    check,
  };
}

/** Failover without lost hosts: would each loss, and pairs of losses, be survived? */
function askWhatIf(snapshot: ClusterSnapshot, seed: number | undefined, json: string | undefined): void {
  const started = performance.now();
  const single = whatIfLost(snapshot, seed);
  const ms = performance.now() - started;
  const pairs = whatIfPairsLost(snapshot, undefined, seed);
  if (json !== undefined) {
    const unsafe = single.filter((one) => !one.safe).length;
    writeJson(json, { policy: "failover", scoreBefore: unsafe, scoreAfter: unsafe, moves: 0, hostsFreed: 0, gbMoved: 0, ms, plan: [], whatIf: single, pairs });
  }
  if (!toStandardOutput(json)) writeFileSync(1, `${explainWhatIf(single, pairs)}\nAsked in ${ms.toFixed(0)} ms\n`);
}

function answerCases(path: string): void {
  const lines = readText(path).split("\n").filter((line) => line.trim() !== "");
  const results = lines.map((line, index) => {
    try {
      return JSON.stringify(planCase(JSON.parse(line) as FailoverCase));
    } catch (error) {
      throw new Error(`case ${index + 1} of ${path}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
    }
  });
  writeFileSync(1, results.map((line) => `${line}\n`).join(""));
}

/** Orders of a file, or what waits in the snapshot. A waiting instance is ordered, so it is taken out of the fleet. */
function readWaiting(path: string | undefined, snapshot: ClusterSnapshot): PlacementOrder[] {
  if (path !== undefined) return readOrders(readText(path));
  return snapshot.instances.filter((one) => one.hostId === null && one.wanted === "on").map((instance) => ({ instance }));
}

function main(): void {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      policy: { type: "string" },
      orders: { type: "string" },
      hosts: { type: "string" },
      "at-once": { type: "string" },
      seed: { type: "string" },
      "max-moves": { type: "string" },
      reserve: { type: "string" },
      risk: { type: "string" },
      why: { type: "boolean" },
      json: { type: "string" },
      case: { type: "string" },
      schema: { type: "boolean" },
      simulate: { type: "string" },
      utilization: { type: "string", short: "U" },
    },
  });
  if (values.schema === true) {
    writeFileSync(1, `${JSON.stringify({ $schema: "https://json-schema.org/draft/2020-12/schema", ...toJsonSchema(SNAPSHOT_SCHEMA) }, null, 1)}\n`);
    return;
  }
  const policy = POLICIES.find((one) => one === values.policy);
  if (policy === undefined) throw new Error(`--policy must be one of ${POLICIES.join(", ")}${values.policy === undefined ? "" : `, it is "${values.policy}"`}\n${USAGE}`);
  if (values.case !== undefined) {
    answerCases(values.case);
    return;
  }
  const [file, ...more] = positionals;
  if (file === undefined && values.simulate === undefined) throw new Error(`a file or --simulate is needed\n${USAGE}`);
  if (more.length > 0) throw new Error(`one file is read, there is also ${more.join(", ")}\n${USAGE}`);
  const read = values.simulate === undefined ? readSnapshot(readText(file ?? "-")) : simulate(values.simulate);
  const reserve = readNumber(values.reserve, "--reserve") ?? read.policy.failoverReserveHosts;
  const risk = readPart(values.risk, "--risk") ?? read.policy.maxContentionPart;
  const snapshot = { ...read, policy: { ...read.policy, failoverReserveHosts: reserve, maxContentionPart: risk } };
  const hostIds = readHostIds(values.hosts, snapshot);
  const seed = readNumber(values.seed, "--seed");
  if (policy === "evacuate" && (hostIds ?? []).length === 0) throw new Error(`--policy evacuate needs --hosts\n${USAGE}`);
  if (policy === "failover" && hostIds === undefined) {
    askWhatIf(snapshot, seed, values.json);
    return;
  }
  const loads = values.utilization === undefined ? undefined : readLoads(readText(values.utilization));
  const atOnce = readNumber(values["at-once"], "--at-once");
  if (atOnce === 0) throw new Error("--at-once must be at least 1");
  const orders = policy === "place" ? readWaiting(values.orders, snapshot) : [];
  const started = performance.now();
  const plan = makePlan(snapshot, { policy, orders, hostIds, atOnce, seed, maxMoves: readNumber(values["max-moves"], "--max-moves"), score: loads === undefined ? "static" : "dynamic", loads });
  const ms = performance.now() - started;
  const check = checkPlan(snapshot, plan, orders.map((one) => one.instance));
  if (values.json !== undefined) writeJson(values.json, forReplay(plan, ms, check));
  if (!toStandardOutput(values.json)) writeFileSync(1, `${explainPlan(plan, { check, why: values.why })}\nPlanned in ${ms.toFixed(0)} ms\n`);
}

try {
  main();
} catch (error) {
  process.stderr.write(`plan: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
