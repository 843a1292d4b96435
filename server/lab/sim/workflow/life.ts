import type { HypervisorDriver } from "@/server/drivers/hypervisor/types";
import type { PowerDriver } from "@/server/drivers/power/types";
import { SimRoom, type SimWorker } from "../room";
import { checkBooks, checkOrphans, TruthWatch, unsettled, Violation } from "../seed/invariants";
import type { SimDatabaseServer } from "../server";
import type { Workflow } from "./workflows";

/** A worker dies there: the so many-th thing that it does to the world, before it is sent or after it took effect. */
export interface Death {
  readonly at: number;
  readonly when: "before" | "after";
}

const HOSTS = ["h1", "h2", "h3"];
const LEASE_TTL_MS = 1_000;
const SETTLE_WITHIN_MS = 60_000;
const TIMINGS = { startMs: 60, destroyMs: 20, guestBootMs: 60, guestShutdownMs: 60, hostBootMs: 400, powerOffMs: 40, powerOnMs: 40, unreachableMs: 200, lostMs: 1_000, migrationSetupMs: 20, migrationSwitchMs: 10, storageLeaseMs: 2_500 };
const POLICY = { cpuRatio: 2, memoryRatio: 1, failoverHosts: 0, suspectAfterSeconds: 1, fenceAfterSeconds: 1.5, fenceBrakeFraction: 0.5 };
/** Loops that act on hosts and instances; the others only cost time here. */
const ACTING: ReadonlySet<string> = new Set(["observe-hosts", "fence-hosts", "fail-over-instances", "return-hosts", "remove-strays", "enroll-hosts", "place-instances", "converge-instances", "evacuate-hosts", "migrate-instances", "purge-trash"]);

/** Everything that a worker does to the world passes here, and one of these things may be its last. */
class Fate {
  done = 0;
  readonly seen: string[] = [];
  private armed = false;
  private doomed: SimWorker | null = null;

  constructor(private readonly death: Death | null) {}

  arm(worker: SimWorker): void {
    this.armed = true;
    this.doomed = worker;
  }

  get struck(): boolean {
    return this.armed && this.doomed === null;
  }

  async around<T>(what: string, act: () => Promise<T>): Promise<T> {
    if (!this.armed || !this.doomed) return act();
    this.seen.push(what);
    const mine = ++this.done === this.death?.at;
    if (mine && this.death?.when === "before") {
      this.strike();
      return new Promise(() => undefined);
    }
    const result = await act();
    if (mine) this.strike();
    return result;
  }

  private strike(): void {
    this.doomed?.kill();
    this.doomed = null;
  }
}

/** Calls of hosts that change something. */
export const CHANGING = ["ensureVolume", "uploadVolume", "growVolume", "deleteVolume", "startDomain", "stopDomain", "rebootDomain", "resumeDomain", "removeDomain", "resizeDomain", "saveDomain", "restoreDomain", "growDisk", "migrate", "abortMigration"] as const;
const SWITCHING = ["off", "on"] as const;

function watched<T extends object>(target: T, names: readonly string[], fate: Fate): T {
  return new Proxy(target, {
    get: (object, property, receiver) => {
      const value: unknown = Reflect.get(object, property, receiver);
      if (typeof value !== "function" || !names.includes(String(property))) return value;
      return (...args: unknown[]): unknown => fate.around(String(property), () => Reflect.apply(value, object, args) as Promise<unknown>);
    },
  });
}

/** One workflow from beginning to end, with at most one death in it. */
export class Life {
  readonly room: SimRoom;
  readonly hostIds = new Map<string, string>();
  instanceId = "";
  private readonly watch: TruthWatch;
  private readonly fate: Fate;
  private names = 0;

  constructor(
    private readonly workflow: Workflow,
    private readonly server: SimDatabaseServer,
    private readonly death: Death | null,
  ) {
    this.fate = new Fate(death);
    const { fate } = this;
    this.room = new SimRoom({
      seed: 1,
      server,
      world: { hosts: HOSTS.map((name) => ({ name, cores: 2, memoryMiB: 4_096 })), timings: TIMINGS },
      policy: POLICY,
      leaseTtlMs: LEASE_TTL_MS,
      statementMs: () => 0.3,
      onCommit: (act) => fate.around("commit", act),
      bend: {
        hypervisor: (driver): HypervisorDriver => ({ kind: driver.kind, connect: (endpoint) => watched(driver.connect(endpoint), CHANGING, fate) }),
        power: (driver): PowerDriver => ({ kind: driver.kind, connect: (config) => watched(driver.connect(config), SWITCHING, fate) }),
        loops: (loops) => loops.filter(({ name }) => ACTING.has(name)),
      },
    });
    this.watch = new TruthWatch(this.room, server);
  }

  /** Plays it; answers what the doomed worker did, in order. @throws Violation when it does not end well. */
  async live(): Promise<readonly string[]> {
    const { room, workflow } = this;
    await this.server.reset();
    try {
      await room.scheduler.drive(room.furnish(HOSTS));
      const worker = await room.startWorker("first");
      await this.enrolled();
      this.instanceId = await room.scheduler.drive(room.order("it"));
      await this.settle();
      await workflow.before?.(this);
      this.fate.arm(worker);
      await workflow.ask(this);
      await this.settle();
      if (this.death && !this.fate.struck) throw new Error(`The workflow "${workflow.name}" has no step ${this.death.at}; it did ${this.fate.seen.join(", ")}.`);
      await checkBooks(this.server);
      await checkOrphans(room, this.server);
      return this.fate.seen;
    } finally {
      await room.leave();
    }
  }

  ask(work: () => Promise<unknown>): Promise<unknown> {
    return this.room.scheduler.drive(work());
  }

  /** Where the instance executes. */
  home(): string {
    const run = this.room.world.runs().find((one) => one.endMs === null && one.instanceId === this.instanceId);
    if (!run) throw new Error("The instance of the workflow runs nowhere.");
    return run.host;
  }

  /** True while its process is there and does not execute. */
  standsStill(): boolean {
    return this.room.world.status().hosts.some((host) => host.domains.some((domain) => domain.instanceId === this.instanceId && domain.process === "paused"));
  }

  otherHost(): string {
    return HOSTS.find((name) => name !== this.home()) ?? "";
  }

  /** Until everything is as it was asked for; whoever died is replaced, and what is off is switched on. */
  async settle(): Promise<void> {
    const { room } = this;
    const { scheduler } = room;
    const limitMs = scheduler.nowMs() + SETTLE_WITHIN_MS;
    for (;;) {
      await this.pass(300);
      if (room.workers.length === 0) await room.startWorker(`heir${++this.names}`);
      for (const host of room.world.status().hosts) if (host.phase === "off" && this.failedOver(host.name)) room.world.wake(host.name);
      const missing = await unsettled(room, this.server);
      if (missing === null && room.workers.length > 0) return;
      if (scheduler.nowMs() > limitMs) throw new Violation("every order ends", `${this.workflow.name}: ${missing ?? "nobody works"}`);
    }
  }

  /** Lets time pass until fate has had its way. */
  async until(holds: () => boolean): Promise<void> {
    const limitMs = this.room.scheduler.nowMs() + SETTLE_WITHIN_MS;
    while (!holds()) {
      if (this.room.scheduler.nowMs() > limitMs) throw new Error(`What comes before "${this.workflow.name}" did not come about.`);
      await this.pass(300);
    }
  }

  /** Somebody in the room switches a host on when nothing that executed there is missing any more. */
  private failedOver(host: string): boolean {
    const runs = this.room.world.runs();
    return runs.every((run) => run.host !== host || runs.some((later) => later.instanceId === run.instanceId && later.endMs === null));
  }

  private async enrolled(): Promise<void> {
    for (let tries = 0; tries < 60; tries++) {
      await this.pass(200);
      const rows = await this.server.rows<{ id: string; name: string; state: string }>("select id, name, state from host order by id");
      for (const { id, name } of rows) this.hostIds.set(name, id);
      if (rows.every((row) => row.state === "up")) return;
    }
    throw new Error("the hosts could not be enrolled");
  }

  private pass(ms: number): Promise<void> {
    return this.room.scheduler.runUntil(this.room.scheduler.nowMs() + ms, () => this.watch.look());
  }
}
