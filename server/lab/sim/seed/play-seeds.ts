import { systemClock } from "@/server/platform/clock";
import { startSimServer } from "../server";
import type { Fault } from "./faults";
import { runSeed, type SeedResult } from "./run-seed";

/** Virtual time of a seed in which faults happen, unless it is said otherwise. */
export const SEED_LENGTH_MS = 25_000;

export interface SeedsOptions {
  readonly from: number;
  readonly count: number;
  readonly faults: readonly Fault[];
  readonly lengthMs: number;
  /** Real seconds after which no more seeds are begun. */
  readonly seconds: number;
}

/** Plays seeds and prints what was found; answers the exit code. */
export async function playSeeds(options: SeedsOptions): Promise<number> {
  const server = await startSimServer();
  const beganMs = systemClock.nowMs();
  const failed: SeedResult[] = [];
  let played = 0;
  let virtualMs = 0;
  try {
    const database = await server.database();
    for (let seed = options.from; seed < options.from + options.count; seed++) {
      if (systemClock.nowMs() - beganMs > options.seconds * 1_000) break;
      const result = await runSeed({ seed, server: database, faults: options.faults, lengthMs: options.lengthMs });
      played += 1;
      virtualMs += result.virtualMs;
      if (options.count === 1 || result.violation) process.stdout.write(`seed ${seed} trace ${result.trace} steps ${result.steps} ${(result.virtualMs / 1_000).toFixed(1)} s ${result.violation ? `VIOLATED ${result.violation.text}` : "held"}\n`);
      if (!result.violation) continue;
      failed.push(result);
      process.stdout.write(`replay: npm run sim -- --seed ${seed} --days ${options.lengthMs / 86_400_000} --faults ${options.faults.join(",")}\n`);
    }
    await database.close();
  } finally {
    await server.close();
  }
  const cpu = process.cpuUsage();
  const seconds = (systemClock.nowMs() - beganMs) / 1_000;
  process.stdout.write(`${played} seeds, ${failed.length} violated, ${(virtualMs / 1_000).toFixed(0)} s of virtual time in ${seconds.toFixed(1)} s; processor ${((cpu.user + cpu.system) / 1e6).toFixed(1)} s without Postgres\n`);
  return failed.length > 0 ? 1 : 0;
}
