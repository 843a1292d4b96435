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

/** FNV-1a: ids that count up must not stand side by side. */
function offsetOf(key: string, periodMs: number): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < key.length; at++) hash = Math.imul(hash ^ key.charCodeAt(at), 0x01000193) >>> 0;
  // The low bits of FNV-1a alone still follow the last character.
  return ((hash ^ (hash >>> 15)) >>> 0) % periodMs;
}
