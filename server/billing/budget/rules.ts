/** What runs holds its price for so long ahead; the trigger of the database holds the same. */
export const WINDOW_MS = 3_600_000;
/** Renewed when so little is left, so that a loop that is late for some minutes stops nobody. */
const RENEW_BEFORE_MS = 15 * 60_000;
/** Stopped so long before the end of what is held: the guest's grace and one late pass fit in. */
const STOP_BEFORE_MS = 2 * 60_000;
const MS_PER_HOUR = 3_600_000n;

export interface Held {
  readonly instanceId: string;
  readonly microsPerHour: number;
  /** Null: it holds nothing yet (the cap came after it ran). */
  readonly heldUntilMs: number | null;
}

export interface CapPlan {
  /** What each holds from now on. */
  readonly holds: readonly { readonly instanceId: string; readonly microsPerHour: number; readonly amountMicros: bigint; readonly heldUntilMs: number }[];
  readonly stop: readonly string[];
  readonly reservedMicros: bigint;
}

/** Rounded up: what is held covers what it is for. */
function price(microsPerHour: number, ms: number): bigint {
  return ms <= 0 ? 0n : (BigInt(microsPerHour) * BigInt(ms) + MS_PER_HOUR - 1n) / MS_PER_HOUR;
}

/**
 * Decides what of the running machines holds on, and what is stopped because the cap has no room for its next window. Pure. `spentMicros` is what was
 * used up to now; what is held is from now on. Machines are renewed in the order given.
 */
export function planCap(input: { readonly capMicros: bigint; readonly spentMicros: bigint; readonly nowMs: number; readonly running: readonly Held[] }): CapPlan {
  const { nowMs } = input;
  const leftMs = (held: Held): number => Math.max(0, (held.heldUntilMs ?? nowMs) - nowMs);
  let reserved = input.running.reduce((sum, held) => sum + price(held.microsPerHour, leftMs(held)), 0n);
  const stop: string[] = [];
  const holds: { instanceId: string; microsPerHour: number; amountMicros: bigint; heldUntilMs: number }[] = [];
  for (const held of input.running) {
    const now = price(held.microsPerHour, leftMs(held));
    let untilMs = nowMs + leftMs(held);
    if (leftMs(held) < RENEW_BEFORE_MS) {
      const renewed = price(held.microsPerHour, WINDOW_MS);
      if (input.spentMicros + reserved - now + renewed <= input.capMicros) {
        reserved += renewed - now;
        untilMs = nowMs + WINDOW_MS;
      } else if (leftMs(held) <= STOP_BEFORE_MS) stop.push(held.instanceId);
    }
    holds.push({ instanceId: held.instanceId, microsPerHour: held.microsPerHour, amountMicros: price(held.microsPerHour, untilMs - nowMs), heldUntilMs: untilMs });
  }
  return { holds, stop, reservedMicros: reserved };
}
