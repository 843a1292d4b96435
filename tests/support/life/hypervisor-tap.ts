import { DriverError } from "@/server/drivers/errors";
import type { HypervisorDriver, HypervisorHost, HostObservation } from "@/server/drivers/hypervisor/types";
import type { Clock } from "@/server/platform/clock";

/** What one host said at one moment, as far as it reached the worker that asked. */
export interface Word {
  readonly host: string;
  readonly askedMs: number;
  /** It came after the pass that had asked for it: by then its machines may belong elsewhere. */
  readonly late: boolean;
  /** Machines that it showed with a running process, with the vCPUs that they had. */
  readonly running: ReadonlyMap<string, number>;
}

/** A call of the worker's that had its effect, and whether the worker heard so. */
export interface Effect {
  readonly call: string;
  readonly host: string;
  readonly subject: string;
  readonly vcpus: number | null;
  /** When it was asked for; work that was under way when time moved on has its effect later. */
  readonly beganMs: number;
  readonly atMs: number;
  readonly told: boolean;
}

export type Fate = "heard" | "lost" | "late";

const RUNNING = new Set(["running", "paused", "shutting-down"]);
/** Calls that change something, and what they change. */
const CHANGES: Readonly<Record<string, (args: readonly unknown[]) => { readonly subject: string; readonly vcpus?: number }>> = {
  startDomain: ([spec]) => ({ subject: (spec as { instanceId: string }).instanceId, vcpus: (spec as { vcpus: number }).vcpus }),
  restoreDomain: ([spec]) => ({ subject: (spec as { instanceId: string }).instanceId }),
  saveDomain: ([request]) => ({ subject: (request as { to: { name: string } }).to.name }),
  ensureVolume: ([spec]) => ({ subject: (spec as { name: string }).name }),
  deleteVolume: ([, name]) => ({ subject: name as string }),
  stopDomain: ([instanceId]) => ({ subject: instanceId as string }),
  removeDomain: ([instanceId]) => ({ subject: instanceId as string }),
  resizeDomain: ([request]) => ({ subject: (request as { instanceId: string }).instanceId }),
  rebootDomain: ([instanceId]) => ({ subject: instanceId as string }),
  migrate: ([request]) => ({ subject: (request as { instanceId: string }).instanceId }),
};

/** Stands between one worker and the hosts: notes what reached it, loses and holds back what fate says, and lets the worker die between two calls. */
export class HypervisorTap {
  dead = false;
  /** The worker dies when so many more changing calls have had their effect; null: it lives. */
  diesAfter: number | null = null;
  /** The loop that observes asks now: its words are metered, and only they are lost or held back. Others ask for purposes of their own. */
  observing = false;
  private readonly held: (() => void)[] = [];

  constructor(
    private readonly clock: Clock,
    private readonly words: Word[],
    private readonly effects: Effect[],
    private readonly fateOf: (host: string) => Fate,
    private readonly replyLost: (call: string) => boolean,
    private readonly skewMsOf: (host: string) => number,
  ) {}

  /** Answers that were held back come now. */
  release(): void {
    for (const answer of this.held.splice(0)) answer();
  }

  wrap(driver: HypervisorDriver): HypervisorDriver {
    return {
      kind: driver.kind,
      connect: (endpoint) => {
        const host = driver.connect(endpoint);
        const name = endpoint.uri.replace("simulated://", "");
        return new Proxy(host, {
          get: (target, property) => {
            const method: unknown = Reflect.get(target, property);
            if (typeof method !== "function") return method;
            if (property === "observe") return () => this.observe(target, name);
            if (property === "watch") return () => () => undefined;
            return (...args: unknown[]) => this.change(String(property), name, args, () => method.apply(target, args) as unknown);
          },
        });
      },
    };
  }

  private async observe(host: HypervisorHost, name: string): Promise<HostObservation> {
    if (this.dead) return new Promise(() => undefined);
    if (!this.observing) return host.observe();
    const askedMs = this.clock.nowMs();
    const fate = this.fateOf(name);
    if (fate === "lost") throw new DriverError("timeout", `the answer of ${name} was lost`);
    const said = await host.observe();
    const late = fate === "late";
    if (late) await new Promise<void>((resolve) => this.held.push(resolve));
    if (this.dead) return new Promise(() => undefined);
    const running = new Map(said.domains.flatMap((domain) => (domain.epoch !== null && RUNNING.has(domain.state) && !(domain.state === "paused" && domain.reason === "migrating") ? [[domain.instanceId, domain.vcpus] as const] : [])));
    this.words.push({ host: name, askedMs, late, running });
    return { ...said, hostTimeMs: said.hostTimeMs === null ? null : said.hostTimeMs + this.skewMsOf(name) };
  }

  private async change(call: string, host: string, args: readonly unknown[], work: () => unknown): Promise<unknown> {
    if (this.dead) return new Promise(() => undefined);
    const described = CHANGES[call];
    const beganMs = this.clock.nowMs();
    const result = await work();
    if (!described) return result;
    const { subject, vcpus } = described(args);
    const lost = this.replyLost(call);
    if (this.diesAfter !== null && --this.diesAfter < 0) {
      this.dead = true;
    }
    this.effects.push({ call, host, subject, vcpus: vcpus ?? null, beganMs, atMs: this.clock.nowMs(), told: !lost && !this.dead });
    if (this.dead) return new Promise(() => undefined);
    if (lost) throw new DriverError("timeout", `the answer to "${call}" on ${host} was lost`);
    return result;
  }
}
