import { orderOne } from "./deeds";
import { openGround, type GroundOptions } from "./ground";
import { planRound, type Pace } from "./plan-round";
import { runRound } from "./run-round";
import { Running } from "../demo/start";
import type { ChaosReport, RoundResult } from "./types";
import { findMissing } from "./wanted";

export interface ChaosOptions extends GroundOptions {
  /** One for each round. */
  readonly seeds: readonly number[];
  readonly pace: Pace;
  /** After everything was mended, everything wanted runs again within this. */
  readonly boundMs: number;
  readonly guests: number;
  readonly onRound?: (result: RoundResult, number: number) => void;
  /** No round begins after this; absent: all of them are played. */
  readonly untilMs?: number;
}

/** A machine that does ten other things boots its first guests slowly. */
const FIRST_START_MS = 300_000;
/** A watcher that was away for so long has proved nothing for that time. */
const BLIND_MS = 5_000;

/** Plays rounds until one breaks something. Everything that was started is gone afterwards. */
export async function runChaos(options: ChaosOptions): Promise<ChaosReport> {
  const running = new Running(options.log);
  try {
    const ground = await openGround(options, running);
    for (let count = 0; count < options.guests; count++) await orderOne(ground);
    const deadline = Date.now() + FIRST_START_MS;
    for (let missing = await findMissing(ground); missing.length > 0; missing = await findMissing(ground)) {
      if (Date.now() > deadline) throw new Error(`The first machines do not run: ${missing.join("; ")}`);
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
    const rounds: RoundResult[] = [];
    for (const seed of options.seeds) {
      if (options.untilMs !== undefined && Date.now() >= options.untilMs) break;
      const result = await runRound(ground, planRound(seed, ground.hostNames, options.pace), options.boundMs);
      rounds.push(result);
      options.onRound?.(result, rounds.length);
      if (result.broken.length > 0) break;
    }
    const seen = ground.watched();
    const unproved = seen.longestGapMs > BLIND_MS ? [`The watcher was away for ${seen.longestGapMs} ms, on a machine with too much to do: what happened then is not known.`] : [];
    const blind = seen.mostLocked === 0 ? ["The watcher never saw a disk open for writing: it is blind to them."] : [];
    return { rounds, looks: seen.looks, longestGapMs: seen.longestGapMs, mostLocked: seen.mostLocked, unproved, broken: [...rounds.flatMap((round) => round.broken), ...blind] };
  } finally {
    await running.end();
  }
}
