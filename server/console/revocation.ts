import type { Logger } from "@/server/platform/logger";
import type { Ending } from "./close-codes";
import { accessEnded } from "./close-codes";
import type { InstancePlace, SessionCheck } from "./store";

/** Topics of `berth_change` that can end somebody's access. */
const RELEVANT = new Set(["console", "session", "member", "organization", "instance"]);
/** Several notifications of one transaction cost one check. */
const GATHER_MS = 50;

export interface RevocationOptions {
  readonly checkMs: number;
  readonly blindMs: number;
  /** Open sessions, each with the place that it reaches. */
  readonly open: () => ReadonlyMap<string, InstancePlace | null>;
  readonly check: (open: ReadonlyMap<string, InstancePlace | null>) => Promise<SessionCheck>;
  /** Its desktop still starts up. */
  readonly starts: (id: string) => void;
  readonly end: (id: string, ending: Ending) => void;
  readonly onCheckFailed: () => void;
  readonly logger: Logger;
}

/** Looks again and again whether open sessions may and can stay open; at once when a notification hints at a change. */
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
    const open = new Map(this.options.open());
    try {
      const { endings, starting } = await this.options.check(open);
      this.lastSuccessAt = performance.now();
      for (const id of starting) this.options.starts(id);
      for (const [id, ending] of endings) this.options.end(id, ending);
    } catch (error) {
      this.options.onCheckFailed();
      this.options.logger.error({ error: String(error), sessions: open.size }, "open consoles could not be checked");
      if (performance.now() - this.lastSuccessAt < this.options.blindMs) return;
      for (const id of open.keys()) this.options.end(id, accessEnded("unchecked", "Your access could not be checked for too long. Open the console again."));
    }
  }
}
