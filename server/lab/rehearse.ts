import { parseArgs } from "node:util";
import { openDatabase } from "@/db/client";
import { askRehearsal, getRehearsal, listClusters, listHosts, type FleetFigures, type RehearsalResult } from "@/server/fleet";
import { askRehearsalInput, rehearsalQuestion, type RehearsalQuestion } from "@/server/fleet/rehearsal/schema";
import { listAllFlavors } from "@/server/catalog";
import { systemClock } from "@/server/platform/clock";
import type { Context } from "@/server/platform/context";
import { Problem } from "@/server/platform/errors";
import { mintId } from "@/server/platform/id";
import { silentLogger } from "@/server/platform/logger";
import { systemRandom } from "@/server/platform/random";
import { rehearse } from "@/server/reconcilers";

const USAGE = `usage: npm run rehearse -- QUESTION [--cluster NAME] [--keep] [--json]
  tonight [--hours 24]              what the cluster would do by itself, and what that saves
  lose-host HOST                    the host dies now
  ratio 3                           so many vCPUs may be sold for each core
  add-desktops 40 --at 09:00 --flavor NAME
  retire-hosts HOST,HOST            the hosts are emptied for good
  --keep     stores it, so that the admin console shows it and compares it later (a worker plays it)
  --json     the whole result, for programs
Plays on a copy of the live cluster, read through WORKER_DATABASE_URL; without --keep nothing at all is written.`;

class UsageError extends Error {}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({ args: process.argv.slice(2), allowPositionals: true, options: { cluster: { type: "string" }, hours: { type: "string" }, at: { type: "string" }, flavor: { type: "string" }, keep: { type: "boolean", default: false }, json: { type: "boolean", default: false } } });
  const url = process.env["WORKER_DATABASE_URL"];
  if (!url) throw new UsageError("WORKER_DATABASE_URL is not set: the address of the database with the role berth_worker.");
  const db = openDatabase({ url, poolSize: 2, applicationName: "berth-rehearse" });
  const source = { clock: systemClock, random: systemRandom };
  const context: Context = { db, ...source, logger: silentLogger, requestId: mintId("request", source), actor: { kind: "operator", id: "rehearse" }, scope: "worker", organizationId: null };
  try {
    const clusters = (await listClusters(context)).items;
    const cluster = values.cluster === undefined ? (clusters.length === 1 ? clusters[0] : undefined) : clusters.find((one) => one.name === values.cluster || one.id === values.cluster);
    if (!cluster) throw new UsageError(`Name a cluster with --cluster; there are: ${clusters.map((one) => one.name).join(", ") || "none"}.`);
    const question = await readQuestion(context, cluster.id, positionals, values);
    if (values.keep) return await keep(context, askRehearsalInput.parse({ clusterId: cluster.id, question }), values.json);
    const result = await rehearse(context, cluster.id, question);
    process.stdout.write(values.json ? `${JSON.stringify(result, null, 1)}\n` : `${describe(cluster.name, question, result)}\n`);
    return 0;
  } finally {
    await db.pool.end();
  }
}

async function readQuestion(context: Context, clusterId: string, words: readonly string[], options: { readonly hours?: string | undefined; readonly at?: string | undefined; readonly flavor?: string | undefined }): Promise<RehearsalQuestion> {
  const [kind = "", first] = words;
  const hosts = new Map((await listHosts(context, { clusterId })).items.map((host) => [host.name, host.id]));
  const hostId = (name: string): string => {
    const id = hosts.get(name) ?? [...hosts.values()].find((one) => one === name);
    if (id === undefined) throw new UsageError(`There is no host ${name}; there are: ${[...hosts.keys()].join(", ")}.`);
    return id;
  };
  const raw = async (): Promise<unknown> => {
    switch (kind) {
      case "tonight":
        return { kind, hours: options.hours === undefined ? undefined : Number(options.hours) };
      case "lose-host":
        return { kind, hostId: hostId(first ?? "") };
      case "ratio":
        return { kind, cpuRatio: Number(first) };
      case "add-desktops": {
        const flavors = await listAllFlavors(context);
        const flavor = flavors.find((one) => one.name === options.flavor || one.id === options.flavor);
        if (!flavor) throw new UsageError(`Name a size with --flavor; there are: ${flavors.map((one) => one.name).join(", ") || "none"}.`);
        return { kind, count: Number(first), at: options.at ?? "09:00", flavorId: flavor.id };
      }
      case "retire-hosts":
        return { kind, hostIds: (first ?? "").split(",").filter(Boolean).map(hostId) };
      default:
        throw new UsageError(kind === "" ? "Ask a question." : `"${kind}" is no question.`);
    }
  };
  const parsed = rehearsalQuestion.safeParse(await raw());
  if (!parsed.success) throw new UsageError(parsed.error.issues.map((issue) => `${issue.path.join(".")} ${issue.message}`).join("; "));
  return parsed.data;
}

/** Asks like the admin console does, and waits for the worker's answer. */
async function keep(context: Context, input: ReturnType<typeof askRehearsalInput.parse>, json: boolean): Promise<number> {
  const { id } = await askRehearsal(context, input);
  process.stderr.write(`Stored as ${id}; a worker plays it.\n`);
  for (let waited = 0; waited < 120; waited++) {
    const view = await getRehearsal(context, id);
    if (view.state === "failed") throw new Error(`It could not be played: ${view.error ?? "no reason was given"}`);
    if (view.result) {
      process.stdout.write(json ? `${JSON.stringify(view, null, 1)}\n` : `${describe(view.clusterId, view.question, view.result)}\n`);
      return 0;
    }
    await context.clock.sleep(1_000);
  }
  throw new Error(`No worker has played ${id} within two minutes. Is one running?`);
}

const round = (value: number, digits = 0): string => value.toFixed(digits);
const percent = (fraction: number): string => `${round(fraction * 100)} %`;

function figureRows(before: FleetFigures, after: FleetFigures, currency: string): string[] {
  const rows: readonly (readonly [string, (one: FleetFigures) => string])[] = [
    ["hosts awake / asleep", (one) => `${one.hostsAwake} / ${one.hostsAsleep}`],
    ["machines", (one) => `${one.instances}`],
    ["vCPUs sold of sellable", (one) => `${one.vcpusSold} of ${one.vcpusSellable}`],
    ["memory sold of sellable, GiB", (one) => `${round(one.memorySoldMiB / 1_024)} of ${round(one.memorySellableMiB / 1_024)}`],
    ["headroom, usual machines", (one) => `${one.headroomMachines}`],
    ["fullest host at its peak", (one) => `${percent(one.hottestFraction)}${one.hottestHostName === null ? "" : ` (${one.hottestHostName})`}`],
    ["minutes of contention", (one) => round(one.contentionMinutes)],
    ["any one loss survived", (one) => (one.lossSurvived ? "yes" : `no (${one.uncoveredHostName ?? "not proved"})`)],
    ["kWh", (one) => round(one.kwh, 2)],
    [`money, ${currency}`, (one) => round(one.moneyMicros / 1_000_000, 2)],
    ["CO2, kg", (one) => round(one.carbonGrams / 1_000, 2)],
  ];
  return rows.map(([name, of]) => {
    const [left, right] = [of(before), of(after)];
    return `${left === right ? " " : "*"} ${name.padEnd(30)} ${left.padStart(18)}   ${right === left ? "" : `-> ${right}`}`;
  });
}

const LINES = 20;

function describe(cluster: string, question: RehearsalQuestion, result: RehearsalResult): string {
  const at = (seconds: number): string => `+${Math.floor(seconds / 3_600)}:${String(Math.floor((seconds % 3_600) / 60)).padStart(2, "0")}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;
  const more = (count: number): string[] => (count > LINES ? [`  ... and ${count - LINES} more`] : []);
  return [
    `${cluster}: ${question.kind}, ${round(result.seconds / 3_600)} h from ${result.from}, played in ${result.playedMs} ms (${round((result.seconds * 1_000) / Math.max(1, result.playedMs))} times as fast)`,
    `made from ${result.historyDays} days of measured demand${result.assumed.length === 0 ? "" : `; assumed: ${result.assumed.join(", ")}`}`,
    "",
    ...figureRows(result.before, result.after, result.currency),
    "",
    `${result.moves.length} moves, ${result.refusals.length} things that cannot be done`,
    ...result.moves.slice(0, LINES).map((move) => `  ${at(move.atSeconds)} ${move.instanceName}: ${move.fromHostName ?? "new"} -> ${move.toHostName} (${move.how}, ${round(move.seconds, 1)} s, pause ${round(move.downtimeMs)} ms)`),
    ...more(result.moves.length),
    ...result.events.slice(0, LINES).map((event) => `  ${at(event.atSeconds)} ${event.kind}${event.hostName === null ? "" : ` ${event.hostName}`}${event.amount === null ? "" : ` ${round(event.amount, 2)}`}`),
    ...more(result.events.length),
    ...result.refusals.slice(0, LINES).map((one) => `  ${one.name}: ${one.text}`),
  ].join("\n");
}

main().then(
  (code) => (process.exitCode = code),
  (error: unknown) => {
    process.stderr.write(`${error instanceof UsageError ? `${error.message}\n${USAGE}` : error instanceof Problem || error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = error instanceof UsageError ? 2 : 1;
  },
);
