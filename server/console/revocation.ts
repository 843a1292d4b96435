import type { Logger } from "@/server/platform/logger";

/** Topics of `berth_change` that can end somebody's access. */
const RELEVANT = new Set(["console", "session", "member", "organization", "instance"]);
/** Several notifications of one transaction cost one check. */
const GATHER_MS = 50;

export interface RevocationOptions {
  readonly checkMs: number;
  readonly blindMs: number;
  readonly openIds: () => readonly string[];
  readonly findRevoked: (ids: readonly string[]) => Promise<ReadonlyMap<string, string>>;
  readonly end: (id: string, reason: string) => void;
  readonly onCheckFailed: () => void;
  readonly logger: Logger;
}

/** Looks again and again whether open sessions may stay open; at once when a notification hints at a change. */
export class RevocationWatch {
  private timer: NodeJS.Timeout | null = null;
  private running: Promise<void> | null = null;
  private again = false;
  private stopped = false;
  private lastSuccessAt = performance.now();

  constructor(private readonly options: RevocationOptions) {
    this.plan(options.checkMs);
  }

  /** A payload of the change channel. */
  notified(payload: string): void {
    let topic: unknown;
    try {
      topic = (JSON.parse(payload) as { topic?: unknown }).topic;
    } catch (error) {
      this.options.logger.warn({ error: String(error) }, "a change notification could not be read");
      return;
    }
    if (typeof topic === "string" && RELEVANT.has(topic)) this.hurry();
  }

  /** Checks soon; used also after the listener was reconnected. */
  hurry(): void {
    if (this.running) this.again = true;
    else this.plan(GATHER_MS);
  }

  async stop(): Promise<void> {
    this.stopped = true;
    if (this.timer) clearTimeout(this.timer);
    await this.running;
  }

  private plan(afterMs: number): void {
    if (this.stopped) return;
    if (this.timer) clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.running = this.check().finally(() => {
        this.running = null;
        const soon = this.again;
        this.again = false;
        this.plan(soon ? GATHER_MS : this.options.checkMs);
      });
    }, afterMs);
  }

  private async check(): Promise<void> {
    const ids = this.options.openIds();
    try {
      const revoked = await this.options.findRevoked(ids);
      this.lastSuccessAt = performance.now();
      for (const [id, reason] of revoked) this.options.end(id, reason);
    } catch (error) {
      this.options.onCheckFailed();
      this.options.logger.error({ error: String(error), sessions: ids.length }, "open consoles could not be checked");
      if (performance.now() - this.lastSuccessAt < this.options.blindMs) return;
      for (const id of ids) this.options.end(id, "Your access could not be checked for too long. Open the console again.");
    }
  }
}
