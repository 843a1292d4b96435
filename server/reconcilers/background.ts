import type { Logger } from "@/server/platform/logger";

/** Work that outlives the pass that began it: one piece for each key at a time. */
export class Background {
  private readonly running = new Map<string, Promise<void>>();

  constructor(
    private readonly logger: Logger,
    private readonly onEnd: (failed: unknown) => void,
  ) {}

  get size(): number {
    return this.running.size;
  }

  has(key: string): boolean {
    return this.running.has(key);
  }

  start(key: string, work: () => Promise<void>): boolean {
    if (this.running.has(key)) return false;
    const task = (async () => {
      let failure: unknown = null;
      try {
        await work();
      } catch (error) {
        failure = error;
        this.logger.warn({ task: key, err: error }, "a piece of work failed; it is looked at again");
      } finally {
        this.running.delete(key);
        this.onEnd(failure);
      }
    })();
    this.running.set(key, task);
    return true;
  }

  /** Resolves when nothing is under way any more. */
  async settle(): Promise<void> {
    while (this.running.size > 0) await Promise.all(this.running.values());
  }
}
