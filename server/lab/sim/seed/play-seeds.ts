import { spawn } from "node:child_process";
import { appendFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { systemClock } from "@/server/platform/clock";
import { joinSimServer, startSimServer, type SimDatabaseServer } from "../server";
import type { Fault } from "./faults";
import { runSeed } from "./run-seed";

/** Virtual time of a seed in which faults happen, unless it is said otherwise. */
export const SEED_LENGTH_MS = 12_000;
/** Seeds that once failed; every run of the tests plays them. */
export const CORPUS = fileURLToPath(new URL("../../../../tests/simulation/corpus.jsonl", import.meta.url));

export interface SeedsOptions {
  readonly from: number;
  readonly count: number;
  /** Every so many-th seed; the others are another process's. */
  readonly step: number;
  readonly faults: readonly Fault[];
  readonly lengthMs: number;
  /** Real seconds after which no more seeds are begun. */
  readonly seconds: number;
}

interface Tally {
  played: number;
  failed: number;
  virtualMs: number;
}

/** Plays seeds on as many processors as there are, prints what was found, and answers the exit code. */
export async function playSeeds(options: SeedsOptions): Promise<number> {
  const beganMs = systemClock.nowMs();
  const server = await startSimServer();
  const processes = Math.min(options.count, Math.max(1, availableParallelism()));
  try {
    const others = Array.from({ length: processes - 1 }, (_, index) => playElsewhere({ ...options, from: options.from + index + 1, step: processes }, server.address));
    const database = await server.database();
    const own = await playPart({ ...options, step: processes }, database);
    await database.close();
    const total = (await Promise.all(others)).reduce((sum, one) => ({ played: sum.played + one.played, failed: sum.failed + one.failed, virtualMs: sum.virtualMs + one.virtualMs }), own);
    process.stdout.write(`${total.played} of ${options.count} seeds, ${total.failed} violated, ${(total.virtualMs / 1_000).toFixed(0)} s of virtual time in ${((systemClock.nowMs() - beganMs) / 1_000).toFixed(1)} s on ${processes} processors\n`);
    return total.failed > 0 ? 1 : 0;
  } finally {
    await server.close();
  }
}

/** The part of another process, on the same server; its last line is its tally. */
export async function playJoined(options: SeedsOptions, address: string): Promise<void> {
  const database = await joinSimServer(address);
  const tally = await playPart(options, database);
  await database.close();
  process.stdout.write(`${JSON.stringify(tally)}\n`);
}

function playElsewhere(options: SeedsOptions, address: string): Promise<Tally> {
  const args = ["--seeds", String(options.count - 1), "--from", String(options.from), "--step", String(options.step), "--days", String(options.lengthMs / 86_400_000), "--faults", options.faults.join(","), "--join", address, ...(Number.isFinite(options.seconds) ? ["--seconds", String(options.seconds)] : [])];
  const child = spawn(process.execPath, [...process.execArgv, process.argv[1] ?? "", ...args], { stdio: ["ignore", "pipe", "inherit"] });
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => void (text += chunk));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", (code) => {
      const lines = text.trimEnd().split("\n");
      const last = lines.pop() ?? "";
      if (lines.length > 0) process.stdout.write(`${lines.join("\n")}\n`);
      if (code === 0 && last.startsWith("{")) resolve(JSON.parse(last) as Tally);
      else reject(new Error(`the process that played seeds from ${options.from} ended with ${code}: ${last}`));
    });
  });
}

async function playPart(options: SeedsOptions, database: SimDatabaseServer): Promise<Tally> {
  const beganMs = systemClock.nowMs();
  const tally: Tally = { played: 0, failed: 0, virtualMs: 0 };
  for (let seed = options.from; seed < options.from + options.count; seed += options.step) {
    if (systemClock.nowMs() - beganMs > options.seconds * 1_000) break;
    const result = await runSeed({ seed, server: database, faults: options.faults, lengthMs: options.lengthMs });
    tally.played += 1;
    tally.virtualMs += result.virtualMs;
    if (options.count === 1 || result.violation) process.stdout.write(`seed ${seed} trace ${result.trace} steps ${result.steps} ${(result.virtualMs / 1_000).toFixed(1)} s, ${result.slept} asleep, ${result.violation ? `VIOLATED ${result.violation.text}` : "held"}\n`);
    if (!result.violation) continue;
    tally.failed += 1;
    process.stdout.write(`replay: npm run sim -- --seed ${seed} --days ${options.lengthMs / 86_400_000} --faults ${options.faults.join(",")}\n`);
    // A replay is of a seed that is known already.
    if (options.count > 1) appendFileSync(CORPUS, `${JSON.stringify({ seed, faults: options.faults, lengthMs: options.lengthMs, found: result.violation.invariant })}\n`);
  }
  return tally;
}
