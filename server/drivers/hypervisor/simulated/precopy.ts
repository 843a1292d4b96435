/** The arithmetic of iterative pre-copy, apart from time and state, so that it can be checked by hand. */

const MIB = 1_048_576;
/** Rounds after which a guest that does not converge is dealt with; QEMU itself has no bound. */
export const MAX_ROUNDS = 30;

export interface PrecopyInput {
  /** Memory that was ever touched: the first round copies all of it. */
  readonly touchedMiB: number;
  /** Memory that is written again and again: no round leaves more than this dirty. */
  readonly workingSetMiB: number;
  readonly dirtyMiBs: number;
  readonly bandwidthMiBs: number;
  readonly maxDowntimeMs: number;
  /** Fixed part of the pause. */
  readonly switchMs: number;
}

export interface PrecopyRound {
  readonly copyMiB: number;
  readonly durationMs: number;
  /** Dirty at the end of the round. */
  readonly leftMiB: number;
}

export interface PrecopyPlan {
  readonly rounds: readonly PrecopyRound[];
  readonly converges: boolean;
  /** The pause if the guest is stopped after the last round. */
  readonly downtimeMs: number;
  readonly totalMs: number;
  readonly transferredBytes: number;
}

/**
 * Round 0 copies what was touched; round n copies what was written during round n-1, at most the working set. The
 * guest is stopped as soon as the rest can be copied within `maxDowntimeMs`. With a dirty rate d below the bandwidth b
 * the rest shrinks by d/b a round; with d >= b it never falls under the working set, and the guest does not converge.
 */
export function planPrecopy(input: PrecopyInput): PrecopyPlan {
  const rounds: PrecopyRound[] = [];
  let toCopyMiB = input.touchedMiB;
  let transferredMiB = 0;
  let elapsedMs = 0;
  let converges = false;
  while (rounds.length < MAX_ROUNDS) {
    const durationMs = (toCopyMiB / input.bandwidthMiBs) * 1000;
    const leftMiB = Math.min(input.workingSetMiB, (input.dirtyMiBs * durationMs) / 1000);
    rounds.push({ copyMiB: toCopyMiB, durationMs, leftMiB });
    transferredMiB += toCopyMiB;
    elapsedMs += durationMs;
    toCopyMiB = leftMiB;
    if (copyMs(leftMiB, input.bandwidthMiBs) <= input.maxDowntimeMs) {
      converges = true;
      break;
    }
  }
  const downtimeMs = copyMs(toCopyMiB, input.bandwidthMiBs) + input.switchMs;
  return {
    rounds,
    converges,
    downtimeMs,
    totalMs: elapsedMs + downtimeMs,
    transferredBytes: Math.round((transferredMiB + toCopyMiB) * MIB),
  };
}

function copyMs(sizeMiB: number, bandwidthMiBs: number): number {
  return (sizeMiB / bandwidthMiBs) * 1000;
}
