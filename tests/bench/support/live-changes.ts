import { pause, type Stage } from "@/server/lab/demo/story/stage";

/** A lost notification costs this, milliseconds, and no more. */
const ASK_ANYWAY_MS = 1_000;

/**
 * Hears what a tenant's screens hear. Asking every few milliseconds instead keeps a core of the portal busy, which is half of a small
 * machine: what is measured beside it, and above all a guest that starts, gets slower.
 */
export class LiveChanges {
  private changes = 0;
  private ring: (() => void) | null = null;

  private constructor(private readonly reader: ReadableStreamDefaultReader<string>) {
    void this.listen();
  }

  static async open(stage: Stage): Promise<LiveChanges> {
    const input = encodeURIComponent(JSON.stringify({ json: { organization: stage.organization } }));
    const response = await stage.tenant.fetch(`/api/trpc/live.changes?input=${input}`, { headers: { accept: "text/event-stream" } });
    if (!response.ok || !response.body) throw new Error(`The stream of changes answered ${response.status}.`);
    return new LiveChanges(response.body.pipeThrough(new TextDecoderStream()).getReader());
  }

  /** Asks at once and after every change, until the answer is there. @throws Error with `what` after `timeoutMs`. */
  async until(what: string, timeoutMs: number, ask: () => Promise<boolean>): Promise<void> {
    const deadline = performance.now() + timeoutMs;
    for (;;) {
      const seen = this.changes;
      if (await ask()) return;
      if (performance.now() > deadline) throw new Error(`Waited ${timeoutMs / 1000} s in vain: ${what}.`);
      if (this.changes === seen) await Promise.race([new Promise<void>((resolve) => (this.ring = resolve)), pause(ASK_ANYWAY_MS)]);
    }
  }

  close(): Promise<void> {
    return this.reader.cancel();
  }

  private async listen(): Promise<void> {
    for (;;) {
      const { done } = await this.reader.read();
      if (done) return;
      this.changes += 1;
      this.ring?.();
    }
  }
}
