import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { prepareDatabase } from "../demo/database";
import { loadSettings } from "../demo/settings";
import { root } from "../demo/start";
import { labSupport } from "../index";
import { PACE, QUICK_PACE } from "./plan-round";
import { runChaos } from "./run-chaos";
import type { ChaosReport, RoundResult } from "./types";

const USAGE = `npm run chaos -- [--rounds 10] [--seed N] [--json FILE] [--bound SECONDS] [--workers 2] [--minutes M] [--quick]

  --rounds N     rounds to play; each is mended and everything wanted must run again before the next
  --seed N       of the first round; the next one has N + 1 (default: drawn, and printed)
  --json FILE    write plan, history, failover times and verdict of every round there
  --bound S      seconds within which everything wanted runs again (default 150)
  --workers N    workers beside each other (default 2)
  --minutes M    begin no round after so many minutes
  --quick        the same faults, begun and mended sooner`;

const say = (line: string): void => void process.stdout.write(`${line}\n`);

function percentile(sorted: readonly number[], part: number): number {
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(part * sorted.length) - 1))] ?? Number.NaN;
}

function sayRound(result: RoundResult, number: number, rounds: number): void {
  const faults = result.plan.faults.map((fault) => `${fault.kind}${fault.host === null ? "" : ` ${fault.host}`}`).join(", ");
  const times = result.failovers.map((one) => `${(one.ms / 1_000).toFixed(1)} s`).join(" ");
  say(`round ${number}/${rounds} seed ${result.seed}: ${faults}; ${result.plan.deeds.map((deed) => deed.kind).join(", ")}${times === "" ? "" : `; failovers ${times}`}; ${result.settledMs === null ? "NOT settled" : `settled in ${(result.settledMs / 1_000).toFixed(1)} s`}`);
  if (result.broken.length === 0) return;
  for (const { atMs, text } of result.history) say(`    ${(atMs / 1_000).toFixed(1).padStart(6)} s  ${text}`);
  for (const text of result.broken) say(`    BROKEN ${text}`);
}

function saySum(report: ChaosReport): void {
  const causes = [...new Set(report.rounds.flatMap((round) => round.failovers.map((one) => one.cause)))];
  const line = (label: string, times: number[]): void => {
    const sorted = times.toSorted((a, b) => a - b);
    say(`  ${label.padEnd(22)} ${String(sorted.length).padStart(4)}   p50 ${(percentile(sorted, 0.5) / 1_000).toFixed(1)} s   p95 ${(percentile(sorted, 0.95) / 1_000).toFixed(1)} s   max ${(percentile(sorted, 1) / 1_000).toFixed(1)} s`);
  };
  say("failovers, from the loss until QEMU runs on another host:");
  line("all", report.rounds.flatMap((round) => round.failovers.map((one) => one.ms)));
  for (const cause of causes) line(cause, report.rounds.flatMap((round) => round.failovers.filter((one) => one.cause === cause).map((one) => one.ms)));
  line("mended to all running", report.rounds.flatMap((round) => round.settledMs ?? []));
  say(`the watcher looked ${report.looks} times (longest gap ${report.longestGapMs} ms), at up to ${report.mostLocked} disks locked for writing at once`);
  for (const text of report.unproved) say(text);
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: { rounds: { type: "string", default: "10" }, seed: { type: "string" }, json: { type: "string" }, bound: { type: "string", default: "150" }, workers: { type: "string", default: "2" }, minutes: { type: "string" }, quick: { type: "boolean", default: false }, help: { type: "boolean", default: false } },
  });
  if (values.help) {
    say(USAGE);
    return 0;
  }
  const support = await labSupport();
  if (!support.available) {
    say(`Chaos needs real hosts, which cannot run here: ${support.reason}`);
    return 2;
  }
  const seed = values.seed === undefined ? Math.floor(Math.random() * 1_000_000) : Number(values.seed);
  const rounds = Number(values.rounds);
  mkdirSync(join(root, ".data"), { recursive: true });
  const directory = mkdtempSync(join(root, ".data", "chaos-"));
  const settings = await loadSettings(directory);
  const database = await prepareDatabase(directory, settings);
  say(`${rounds} rounds from seed ${seed}`);
  let report: ChaosReport;
  try {
    report = await runChaos({
      directory, databaseUrls: database.url, workers: Number(values.workers), seeds: Array.from({ length: rounds }, (_, index) => seed + index), guests: 4,
      pace: values.quick ? QUICK_PACE : PACE,
      boundMs: Number(values.bound) * 1_000,
      log: (line) => say(`  ${line}`),
      onRound: (result, number) => sayRound(result, number, rounds),
      ...(values.minutes === undefined ? {} : { untilMs: Date.now() + Number(values.minutes) * 60_000 }),
    });
  } finally {
    await database.stop();
  }
  saySum(report);
  if (values.json) writeFileSync(values.json, `${JSON.stringify(report, null, 2)}\n`);
  if (report.broken.length === 0) {
    rmSync(directory, { recursive: true, force: true });
    say(`${report.rounds.length} rounds held: nothing ran twice, no disk had two writers, everything wanted ran again.`);
    return 0;
  }
  const last = report.rounds.at(-1);
  say(`BROKEN in round ${report.rounds.length} (seed ${last?.seed ?? seed}): ${report.broken.join("; ")}\nAgain: npm run chaos -- --rounds 1 --seed ${last?.seed ?? seed}   Logs: ${directory}`);
  return 1;
}

try {
  process.exitCode = await main();
} catch (cause) {
  say(cause instanceof Error ? (cause.stack ?? cause.message) : String(cause));
  process.exitCode = 2;
}
