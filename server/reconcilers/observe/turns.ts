/**
 * Spreads periodic work over a period: every key has its own moment in it, so that a thousand hosts do not all fall due
 * in the same second. A key that is new waits for its first moment.
 */
export class Turns {
  private readonly last = new Map<string, number>();

  constructor(private readonly periodMs: number) {}

  /** True once in each period. */
  due(key: string, nowMs: number): boolean {
    const turn = Math.floor((nowMs + offsetOf(key, this.periodMs)) / this.periodMs);
    const before = this.last.get(key);
    this.last.set(key, turn);
    return before !== undefined && before !== turn;
  }
}

function offsetOf(key: string, periodMs: number): number {
  let hash = 0;
  for (let at = 0; at < key.length; at++) hash = (hash * 31 + key.charCodeAt(at)) >>> 0;
  return hash % periodMs;
}
