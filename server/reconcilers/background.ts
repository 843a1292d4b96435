import type { Logger } from "@/server/platform/logger";

/** Work that outlives the pass that began it: one piece for each key at a time. */
export class Background {
  private readonly running = new Map<string, Promise<void>>();
  /** Ended since the pass began: what that pass has read is older than what they wrote. */
  private readonly ended = new Set<string>();

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

  /** A new pass reads everything anew. */
  beginPass(): void {
    this.ended.clear();
  }

  /** False when the key is under way, or ended while the pass was reading: it would be begun again from rows that are no longer so. */
  start(key: string, work: () => Promise<void>): boolean {
    if (this.running.has(key) || this.ended.has(key)) return false;
    const task = (async () => {
      let failure: unknown = null;
      try {
        await work();
      } catch (error) {
        failure = error;
        this.logger.warn({ task: key, err: error }, "a piece of work failed; it is looked at again");
      } finally {
        this.running.delete(key);
        this.ended.add(key);
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
