import { createHash } from "node:crypto";
import { seededRandom, type Random } from "@/server/platform/random";
import type { StatementFault } from "../database";
import { SimRoom, type Bend, type SimWorker } from "../room";
import type { SimDatabaseServer } from "../server";
import { Customers } from "./customers";
import { planFaults, planLinkCuts, pick, type Fault, type PlannedFault } from "./faults";
import { ALLOW_EVERY_MS, allowSleep, forbidSleep, isSleepy, SleepWatch } from "./sleepers";
import { BrakeWatch, checkBooks, checkFences, checkOrphans, checkUsage, METER_EVERY_MS, TruthWatch, unsettled, Violation } from "./invariants";

export interface SeedOptions {
  readonly seed: number;
  readonly server: SimDatabaseServer;
  readonly faults: readonly Fault[];
  /** Virtual time in which faults happen. */
  readonly lengthMs: number;
  readonly bend?: Bend;
  /** Virtual time between two people who ask for something, at most; 2.2 s unless said otherwise. */
  readonly actWithinMs?: number;
  /** Hears every line of the trace: two runs of one seed must say the same. */
  readonly onTrace?: (line: string) => void;
  /** Virtual time after the last fault within which everything is as it was asked for; two minutes unless said otherwise. */
  readonly healWithinMs?: number;
  /** Whether hosts may sleep; drawn from the seed unless said otherwise. */
  readonly sleepy?: boolean;
}

export interface SeedResult {
  readonly seed: number;
  /** The same for the same seed, always; differs when anything happened in another order. */
  readonly trace: string;
  readonly steps: number;
  readonly virtualMs: number;
  /** The most hosts that slept at once. */
  readonly slept: number;
  /** Null when every invariant held. */
  readonly violation: { readonly invariant: string; readonly text: string } | null;
}

const ENROL_WITHIN_MS = 30_000;
/** After the last fault has healed, everything wanted runs within this. */
const HEAL_WITHIN_MS = 120_000;
const LEASE_TTL_MS = 3_000;
const BOOKS_EVERY_MS = 5_000;
const ACT_WITHIN_MS = 2_200;
/** Shorter than a failover takes: the disk lock is the second wall, and a simulation that leans on it would not see the first one fall. */
const STORAGE_LEASE_MS = 2_500;
const TIMINGS = { startMs: 150, destroyMs: 50, guestBootMs: 200, guestShutdownMs: 200, hostBootMs: 1_500, powerOffMs: 100, powerOnMs: 100, unreachableMs: 400, lostMs: 4_000, migrationSetupMs: 50, migrationSwitchMs: 20, storageLeaseMs: STORAGE_LEASE_MS };
const POLICY = { cpuRatio: 1.5, memoryRatio: 1, failoverHosts: 0, suspectAfterSeconds: 1.5, fenceAfterSeconds: 3, fenceBrakeFraction: 0.5 };
const MISLEADING: readonly Fault[] = ["lie", "clock", "full"];
/** Faults in which the workers, or what they work on, are not there to prove anything. */
const UNGUARDED: readonly Fault[] = ["kill", "freeze", "database", "statements", "clock", "wakes"];
/** Characters of the trace. */
const HASHED_AT_ONCE = 65_536;
const QUOTA = { instances: 7, vcpus: 9, memoryMiB: 1_000_000, storageGiB: 1_000 };

/** Plays one seed: a small fleet, people who use it, faults, healing, and the question whether everything is as it was asked for. */
export async function runSeed(options: SeedOptions): Promise<SeedResult> {
  await options.server.reset();
  const run = new SeedRun(options);
  let violation: SeedResult["violation"] = null;
  try {
    await run.play();
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    violation = { invariant: error instanceof Violation ? error.invariant : "the simulation goes on", text: error instanceof Violation ? error.message : (error.stack ?? error.message) };
  }
  await run.room.leave();
  return { seed: options.seed, trace: run.trace(), steps: run.room.scheduler.steps, virtualMs: run.elapsedMs(), slept: run.sleep?.slept ?? 0, violation };
}

class SeedRun {
  readonly room: SimRoom;
  private readonly chance: Random;
  private readonly watch: TruthWatch;
  private readonly brake: BrakeWatch;
  /** Null in seeds in which nobody sleeps. */
  readonly sleep: SleepWatch | null;
  private readonly struck = new Set<Fault>();
  private readonly hosts: readonly string[];
  private readonly beganMs: number;
  private readonly hash = createHash("sha1");
  /** Lines that the hash has not taken yet: it takes many at once. */
  private noted = "";
  private databaseDown = false;
  /** Until when a host's controller lies, and until when a host is without its storage; virtual milliseconds. */
  private readonly lyingUntilMs = new Map<string, number>();
  private readonly adriftUntilMs = new Map<string, number>();
  private statementRate = 0;
  private wakeLoss = 0;
  private workers = 0;
  private booksMs = 0;
  private over = false;
  private cutOff = false;

  constructor(private readonly options: SeedOptions) {
    const { seed, server } = options;
    this.chance = seededRandom(seed);
    this.hosts = Array.from({ length: 3 + Math.floor(this.chance.float() * 3) }, (_, index) => `h${index + 1}`);
    this.room = new SimRoom({
      seed,
      server,
      world: { hosts: this.hosts.map((name) => ({ name, cores: 2, memoryMiB: 4_096 })), timings: TIMINGS },
      policy: POLICY,
      quota: QUOTA,
      leaseTtlMs: LEASE_TTL_MS,
      statementMs: () => 0.05 + this.chance.float() * 1.5,
      statementFault: (process) => this.statementFault(process.name),
      wakeMs: () => (this.chance.float() < this.wakeLoss ? null : this.chance.float() * 3),
      onStatement: (process, { name, text }, values) => this.note(`${process.name} asks ${name} ${values}`, () => `${process.name} asks ${text} ${values}`),
      onAnswer: (process, error, rows) => this.note(`${process.name} hears ${error ? error.message : JSON.stringify(rows)}`),
      bend: options.bend,
    });
    this.beganMs = this.room.scheduler.nowMs();
    this.watch = new TruthWatch(this.room, server);
    this.brake = new BrakeWatch(this.room, server);
    const sleepy = options.sleepy ?? isSleepy(seed);
    this.sleep = sleepy ? new SleepWatch(this.room, server, () => !UNGUARDED.some((fault) => this.struck.has(fault))) : null;
  }

  trace(): string {
    return this.hash.copy().update(this.noted).digest("hex").slice(0, 8);
  }

  elapsedMs(): number {
    return this.room.scheduler.nowMs() - this.beganMs;
  }

  async play(): Promise<void> {
    const { room, chance, options } = this;
    const { scheduler } = room;
    await scheduler.drive(room.furnish(this.hosts));
    await this.startWorker();
    const hostIds = await this.enrolled();
    const customers = new Customers(room, chance, hostIds);
    for (let order = 0; order < 3; order++) customers.order();
    if (chance.float() < 0.3) await this.startWorker();
    const beginMs = scheduler.nowMs();
    for (const fault of planFaults(chance, options.faults, options.lengthMs)) scheduler.schedule(fault.atMs, () => this.strike(fault));
    for (const fault of planLinkCuts(options.seed, options.faults, options.lengthMs)) scheduler.schedule(fault.atMs, () => this.cutLink(fault));
    if (this.sleep) for (let atMs = 1_000; atMs < options.lengthMs; atMs += ALLOW_EVERY_MS) scheduler.schedule(atMs, () => this.allowSleep());
    const between = (): number => (options.actWithinMs === undefined ? 300 + chance.float() * ACT_WITHIN_MS : 50 + chance.float() * options.actWithinMs);
    for (let atMs = 300; atMs < options.lengthMs; atMs += between()) scheduler.schedule(atMs, () => customers.act());
    await this.passUntil(beginMs + options.lengthMs);
    await this.heal();
    await this.settle(customers);
  }

  private async enrolled(): Promise<string[]> {
    const { scheduler } = this.room;
    for (const limitMs = scheduler.nowMs() + ENROL_WITHIN_MS; scheduler.nowMs() < limitMs; ) {
      await scheduler.runUntil(scheduler.nowMs() + 500);
      const rows = await this.options.server.rows<{ id: string; state: string }>("select id, state from host order by id");
      if (rows.every((row) => row.state === "up")) return rows.map((row) => row.id);
    }
    throw new Error("the hosts could not be enrolled");
  }

  private async startWorker(): Promise<void> {
    const worker = await this.room.startWorker(`w${++this.workers}`);
    this.note(worker.process.name);
  }

  private async passUntil(untilMs: number): Promise<void> {
    const { scheduler } = this.room;
    const look = (): void | Promise<void> => this.look();
    while (scheduler.nowMs() < untilMs) {
      await scheduler.runUntil(Math.min(untilMs, this.booksMs + BOOKS_EVERY_MS, scheduler.nowMs() + BOOKS_EVERY_MS), look);
      this.booksMs = scheduler.nowMs();
      await checkBooks(this.options.server);
      if (!this.struck.has("bmc-lies") && !this.struck.has("clock")) await checkFences(this.room, this.options.server);
    }
  }

  /** An operator's answer may be that the database is away. */
  private allowSleep(): void {
    allowSleep(this.room).catch((error: unknown) => this.note(`nobody may sleep: ${String(error)}`));
  }

  private look(): void | Promise<void> {
    const looked = this.watch.look();
    const slept = this.sleep?.look();
    if (looked || slept) return Promise.all([looked, slept]).then(() => undefined);
  }

  /** All faults end; an operator switches on what is off and returns what was drained. */
  private async heal(): Promise<void> {
    const { room } = this;
    this.over = true;
    this.brake.disarm();
    this.databaseDown = false;
    this.statementRate = 0;
    this.wakeLoss = 0;
    room.world.setFaults({ lostRequest: 0, lostReply: 0, lateEffect: 0, slow: 0 });
    room.world.fillPool("shared", null);
    for (const host of this.hosts) room.world.heal(host);
    for (const worker of room.workers) {
      worker.process.clockOffsetMs = 0;
      worker.process.thaw();
    }
    await this.switchOn();
    // The night is over; nobody goes and presses buttons for that.
    if (this.sleep) await room.scheduler.drive(forbidSleep(room));
  }

  /** Somebody in the room switches on what is off and should not be, and a machine that has panicked off and on. */
  private async switchOn(): Promise<void> {
    const { world } = this.room;
    const asleep = this.sleep ? (await this.options.server.rows<{ name: string }>("select name from host where state = 'asleep'")).map((row) => row.name) : [];
    for (const { name, phase } of world.status().hosts) {
      if (asleep.includes(name)) continue;
      if (phase === "panicked") world.crash(name);
      if (phase === "panicked" || phase === "off") world.wake(name);
    }
  }

  private async settle(customers: Customers): Promise<void> {
    const { room, options } = this;
    const healWithinMs = options.healWithinMs ?? HEAL_WITHIN_MS;
    const limitMs = room.scheduler.nowMs() + healWithinMs;
    if (room.workers.length === 0) await this.startWorker();
    for (;;) {
      await this.passUntil(room.scheduler.nowMs() + 1_000);
      // A fencing that was asked for before the end may have cut the power afterwards.
      await this.switchOn();
      const missing = customers.pending > 0 ? `${customers.pending} people wait for an answer` : await unsettled(room, options.server);
      if (missing === null) break;
      if (room.scheduler.nowMs() > limitMs) throw new Violation("every order ends", `${healWithinMs / 1_000} s after the last fault: ${missing}`);
    }
    const [surprise] = customers.surprises;
    if (surprise !== undefined) throw new Violation("every answer has a reason", surprise);
    await checkOrphans(room, options.server);
    // A host that lies, a clock that jumps and a guest that a full disk holds are billed as they look.
    if (MISLEADING.some((fault) => this.struck.has(fault))) return;
    const calm = options.faults.length === 0;
    if (calm) await this.passUntil(room.scheduler.nowMs() + METER_EVERY_MS);
    await checkUsage(room, options.server, calm);
  }

  /** Nobody falls silent by it, so nobody may be fenced for it either. */
  private cutLink(fault: PlannedFault): void {
    if (this.over) return;
    const { world, scheduler } = this.room;
    const one = this.hosts[fault.which % this.hosts.length] ?? "h1";
    const others = this.hosts.filter((name) => name !== one);
    const other = others[Math.floor(fault.draw * others.length)] ?? "h2";
    this.note(`link ${one} ${other}`);
    this.struck.add("link");
    world.cutLink(one, other);
    scheduler.schedule(fault.forMs, () => world.mendLink(one, other));
  }

  private strike(fault: PlannedFault): void | Promise<void> {
    if (this.over) return;
    const { world, scheduler, workers } = this.room;
    const host = this.hosts[fault.which % this.hosts.length] ?? "h1";
    const worker = workers[fault.which % Math.max(1, workers.length)];
    this.note(`${fault.kind}${fault.which}`);
    this.struck.add(fault.kind);
    if (fault.kind !== "island") this.brake.disarm();
    const afterwards = (undo: () => void): void => void scheduler.schedule(fault.forMs, () => {
      this.brake.disarm();
      if (!this.over) undo();
    });
    switch (fault.kind) {
      case "kill":
        return worker && this.kill(worker, fault);
      case "freeze":
        worker?.process.freeze();
        return afterwards(() => worker?.process.thaw());
      case "crash":
        world.crash(host);
        return afterwards(() => world.wake(host));
      case "panic":
        return world.panic(host);
      case "partition":
        return this.cutOffHost(host, fault, afterwards);
      case "hang":
        world.hang(host);
        return afterwards(() => world.heal(host));
      case "slow":
        world.slow(host, fault.draw * 3_000);
        return afterwards(() => world.slow(host, 0));
      case "lie":
        world.lie(host, pick(this.chance, ["empty", "frozen", "all-running"] as const));
        return afterwards(() => world.lie(host, null));
      case "bmc-silent":
        world.bmc(host, { reachable: false });
        return afterwards(() => world.bmc(host, { reachable: true }));
      case "bmc-lies":
        if (scheduler.nowMs() < (this.adriftUntilMs.get(host) ?? 0)) return;
        this.lyingUntilMs.set(host, Math.max(this.lyingUntilMs.get(host) ?? 0, scheduler.nowMs() + fault.forMs));
        world.bmc(host, fault.draw < 0.5 ? { liesOff: true } : { answersEarly: true });
        return afterwards(() => world.bmc(host, { liesOff: false, answersEarly: false }));
      case "replies":
        world.setFaults({ lostRequest: 0.05, lostReply: 0.1, lateEffect: 0.05, slow: 0.1 });
        return afterwards(() => world.setFaults({ lostRequest: 0, lostReply: 0, lateEffect: 0, slow: 0 }));
      case "database":
        this.databaseDown = true;
        this.room.restartDatabase();
        scheduler.schedule(fault.draw * 3_000, () => void (this.databaseDown = false));
        return;
      case "statements":
        this.statementRate = 0.02;
        return afterwards(() => void (this.statementRate = 0));
      case "clock":
        if (worker) worker.process.clockOffsetMs = (fault.draw - 0.5) * 20_000;
        return afterwards(() => worker && void (worker.process.clockOffsetMs = 0));
      case "wakes":
        this.wakeLoss = 0.5;
        return afterwards(() => void (this.wakeLoss = 0));
      case "link":
        return this.cutLink(fault);
      case "island":
        return this.island(fault);
      case "full":
        world.fillPool("shared", 0);
        return afterwards(() => world.fillPool("shared", null));
    }
  }

  /** Its storage goes as well in half of the cases, but not while its controller lies: the locks of a seed are given away before a host's own lease ends its guests. */
  private cutOffHost(host: string, fault: PlannedFault, afterwards: (undo: () => void) => void): void {
    const { world, scheduler } = this.room;
    const storage = fault.draw < 0.5 || scheduler.nowMs() < (this.lyingUntilMs.get(host) ?? 0);
    if (!storage) this.adriftUntilMs.set(host, Math.max(this.adriftUntilMs.get(host) ?? 0, scheduler.nowMs() + fault.forMs));
    world.partition(host, { storage });
    afterwards(() => world.heal(host));
  }

  /** The control plane reaches no host any more; the hosts are well. */
  private async island(fault: PlannedFault): Promise<void> {
    const { world, scheduler } = this.room;
    if (this.cutOff) return;
    this.cutOff = true;
    await this.brake.begin();
    for (const host of this.hosts) world.partition(host, { storage: true });
    scheduler.schedule(fault.forMs, async () => {
      // Two workers whose clocks differ do not agree on when it was.
      this.cutOff = false;
      if (!this.struck.has("clock")) await this.brake.end();
      if (!this.over) for (const host of this.hosts) world.heal(host);
    });
  }

  /** It dies at one of its next answers, whatever that is; another one starts a little later. */
  private kill(worker: SimWorker, fault: PlannedFault): void {
    const { process } = worker;
    const at = process.boundaries + 1 + Math.floor(fault.draw * 60);
    process.onBoundary = (boundary) => {
      if (boundary < at) return;
      process.onBoundary = null;
      this.note(`dead${boundary}`);
      worker.kill();
      this.room.scheduler.schedule(200 + fault.draw * 2_000, () => this.startWorker());
    };
  }

  private statementFault(process: string): StatementFault {
    if (process === "portal" && !this.databaseDown) return "none";
    if (this.databaseDown) return "connection-lost";
    if (this.statementRate === 0 || this.chance.float() >= this.statementRate) return "none";
    return this.chance.float() < 0.5 ? "connection-lost" : "reply-lost";
  }

  /** What happens and when. `inFull` is what is told of it where the hash takes a name. */
  private note(text: string, inFull: () => string = () => text): void {
    const { scheduler } = this.room;
    const stamp = `${scheduler.steps} ${scheduler.exactMs()} `;
    this.options.onTrace?.(stamp + inFull());
    this.noted += `${stamp}${text}\n`;
    if (this.noted.length < HASHED_AT_ONCE) return;
    this.hash.update(this.noted);
    this.noted = "";
  }
}
