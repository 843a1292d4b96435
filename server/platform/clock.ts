/** Time comes in through the door, so that simulation can run the real loops under a virtual clock. */
export interface Clock {
  /** Now, in milliseconds since 1970, UTC. */
  nowMs(): number;
  now(): Date;
  /** Resolves after `ms`; rejects with the signal's reason when aborted before. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  now: () => new Date(),
  sleep: (ms, signal) =>
    new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason as Error);
      const stop = () => {
        clearTimeout(timer);
        reject(signal?.reason as Error);
      };
      const timer = setTimeout(() => {
        signal?.removeEventListener("abort", stop);
        resolve();
      }, ms);
      signal?.addEventListener("abort", stop, { once: true });
    }),
};

/** A clock that moves only when told. Sleepers wake in order of their time, then of their arrival. */
export class VirtualClock implements Clock {
  private current: number;
  private readonly sleepers: { at: number; wake: () => void }[] = [];

  constructor(startMs: number) {
    this.current = startMs;
  }

  nowMs(): number {
    return this.current;
  }

  now(): Date {
    return new Date(this.current);
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason as Error);
      const sleeper = { at: this.current + ms, wake: resolve };
      this.sleepers.push(sleeper);
      signal?.addEventListener("abort", () => {
        const index = this.sleepers.indexOf(sleeper);
        if (index >= 0) this.sleepers.splice(index, 1);
        reject(signal.reason as Error);
      }, { once: true });
    });
  }

  /** Moves on by `ms`, waking every sleeper whose time came and letting it run before the next one. */
  async advance(ms: number): Promise<void> {
    const end = this.current + ms;
    for (;;) {
      let next: (typeof this.sleepers)[number] | undefined;
      for (const sleeper of this.sleepers) if (sleeper.at <= end && (!next || sleeper.at < next.at)) next = sleeper;
      if (!next) break;
      this.sleepers.splice(this.sleepers.indexOf(next), 1);
      this.current = Math.max(this.current, next.at);
      next.wake();
      await new Promise((resolve) => setImmediate(resolve));
    }
    this.current = end;
  }
}
