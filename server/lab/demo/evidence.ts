/** The story's steps, in order; the ids are part of the evidence file's format. */
export const STEP_IDS = [
  "setup", "sign-in", "order", "running", "guest-alive", "console", "resize", "migrate", "failover", "data-kept",
  "quota-refused", "no-capacity", "metering", "invoice", "invoice-issued", "paid", "payment-failed", "restored", "evidence", "delete", "leftovers",
  "desktop-image", "desktop-pool", "desktop-open", "desktop-move", "desktop-suspend", "desktop-host-lost", "desktop-resume", "desktop-reset", "desktop-real", "desktop-gone",
] as const;
export type StepId = (typeof STEP_IDS)[number];

export interface StepEvidence {
  readonly id: StepId;
  readonly ok: boolean;
  readonly ms: number;
  readonly detail: Readonly<Record<string, unknown>>;
}

export interface Evidence {
  readonly hypervisor: "libvirt" | "simulated";
  readonly ok: boolean;
  readonly steps: readonly StepEvidence[];
}

/** Runs steps one after the other, prints a line each, and remembers what each proved. */
export class Recorder {
  readonly steps: StepEvidence[] = [];

  constructor(private readonly print: (line: string) => void) {}

  /** A step that throws, or whose detail says `ok: false`, did not hold; the ones that need it are then recorded as not held too. */
  async step(id: StepId, title: string, work: () => Promise<Record<string, unknown>>): Promise<boolean> {
    this.print(`[${String(STEP_IDS.indexOf(id) + 1).padStart(2)}/${STEP_IDS.length}] ${title} ...`);
    const started = performance.now();
    let detail: Record<string, unknown>;
    let ok = true;
    try {
      detail = await work();
      if (detail["ok"] === false) ok = false;
    } catch (error) {
      ok = false;
      detail = { error: error instanceof Error ? error.message : String(error) };
    }
    const ms = Math.round(performance.now() - started);
    this.steps.push({ id, ok, ms, detail });
    const figures = Object.entries(detail).filter(([, value]) => ["number", "string", "boolean"].includes(typeof value)).map(([key, value]) => `${key}=${String(value)}`);
    this.print(`        ${ok ? "ok" : "NOT HELD"} in ${(ms / 1000).toFixed(1)} s  ${figures.join("  ")}`);
    return ok;
  }

  evidence(hypervisor: Evidence["hypervisor"]): Evidence {
    const done = new Set(this.steps.map((step) => step.id));
    const missing = STEP_IDS.filter((id) => !done.has(id)).map((id) => ({ id, ok: false, ms: 0, detail: { error: "not reached: an earlier step did not hold" } }));
    const steps = [...this.steps, ...missing];
    return { hypervisor, ok: steps.every((step) => step.ok), steps };
  }
}
