import type { ClientEvent } from "./client-events";

/** Equal things of one batch, told as one: how often, when first and last, the sum of their characters, the last size. */
export interface FoldedEvent {
  readonly kind: ClientEvent["kind"];
  readonly times: number;
  readonly firstAt: Date;
  readonly lastAt: Date;
  readonly characters?: number;
  readonly width?: number;
  readonly height?: number;
  readonly keys?: string;
}

/** Soon enough that an admin who looks sees it come. */
export const FIRST_BATCH_MS = 5_000;
/** Each batch waits twice as long as the one before it, up to this: a working day of a client that never stops is some 150 entries. */
export const LONGEST_BATCH_MS = 300_000;

export interface RecorderOptions {
  readonly now: () => Date;
  /** Rejects when it could not be written; the events are then told with the next batch. */
  readonly write: (events: readonly FoldedEvent[]) => Promise<void>;
  readonly onFailed: (error: unknown) => void;
  readonly firstBatchMs: number;
}

/**
 * Gathers what happens in one console and writes it in batches, beside the stream and never in its way. Bounded: a batch has one line for each
 * kind of thing (and each combination of keys), and batches become rarer the longer there is something to tell.
 */
export class EventRecorder {
  private folded = new Map<string, FoldedEvent>();
  private timer: NodeJS.Timeout | null = null;
  private waitMs: number;
  private writing: Promise<void> = Promise.resolve();
  private closed = false;

  constructor(private readonly options: RecorderOptions) {
    this.waitMs = options.firstBatchMs;
  }

  note(event: ClientEvent): void {
    if (this.closed) return;
    const at = this.options.now();
    this.add({ ...event, times: 1, firstAt: at, lastAt: at });
    this.timer ??= setTimeout(() => {
      this.timer = null;
      this.waitMs = Math.min(LONGEST_BATCH_MS, this.waitMs * 2);
      this.flush();
    }, this.waitMs);
  }

  /** Writes what is left; resolves when it is written, or cannot be. */
  async close(): Promise<void> {
    this.closed = true;
    if (this.timer) clearTimeout(this.timer);
    this.flush();
    await this.writing;
  }

  private flush(): void {
    this.writing = this.writing.then(async () => {
      const batch = [...this.folded.values()];
      if (batch.length === 0) return;
      this.folded = new Map();
      try {
        await this.options.write(batch);
      } catch (error) {
        this.options.onFailed(error);
        // Older than whatever came meanwhile, and told with it.
        const since = this.folded;
        this.folded = new Map();
        for (const event of [...batch, ...since.values()]) this.add(event);
      }
    });
  }

  private add(event: FoldedEvent): void {
    const key = `${event.kind} ${event.keys ?? ""}`;
    const before = this.folded.get(key);
    const characters = before?.characters === undefined && event.characters === undefined ? {} : { characters: (before?.characters ?? 0) + (event.characters ?? 0) };
    this.folded.set(key, before ? { ...event, ...characters, times: before.times + event.times, firstAt: before.firstAt } : event);
  }
}
