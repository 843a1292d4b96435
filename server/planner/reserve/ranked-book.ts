import { firstRefusing, PLACE_RULES } from "../constraints/index";
import { at, book, type Model } from "../model/model";

/** What a restart must obey beside room: it has its disks already, waking its host is part of it, and contention for a while is better than being off. */
const LEGAL_RULES = PLACE_RULES.filter((one) => !["host-state", "storage", "overcommit", "reservation", "contention"].includes(one.rule));
/** Hosts looked at for one backup before the loss is left to an explicit restart. */
const MAX_LOOKS = 768;
const EPSILON = 1e-6;

/**
 * "Any `losses` hosts may fail at once while any one sleeper does not wake", as a book that small changes keep true. Every instance that must
 * run has a few ranked backup hosts, enough that one is always left; it restarts on the first that is. What may arrive on a host is bounded by the
 * `losses` largest loads that single lost hosts may send there, whatever the rank, and that bound fits into its room. So the proof grows with the
 * number of instances and not with the combinations of hosts; "covered" is never wrong, "not covered" may be a false alarm.
 */
export class RankedBook {
  /** Backups of each instance, best first. */
  readonly backups: number[][] = [];
  /** Instances that must run and have too few backups. */
  readonly uncovered = new Set<number>();
  private readonly sizes: (() => Float64Array)[];
  private readonly free: ((host: number) => number)[];
  /** For each target host: what each single lost host may send there, by dimension. */
  private readonly loads: Map<number, Float64Array>[];
  private readonly dependents: Set<number>[];
  /** Backups of the members of each group, by failure domain. */
  private readonly groupBackups: Map<number, number>[];
  private readonly order: number[];

  constructor(
    readonly model: Model,
    readonly losses: number,
    readonly asleep: Set<number>,
  ) {
    this.sizes = [() => model.memoryMiB, () => model.vcpus];
    this.free = [
      (host) => at(model.sellableMemoryMiB, host) - at(model.usedMemoryMiB, host),
      (host) => at(model.sellableVcpus, host) - at(model.usedVcpus, host),
    ];
    if (!soldImpliesReserved(model)) {
      this.sizes.push(() => model.cpuReservationMillicores, () => model.memoryReservationMiB);
      this.free.push(
        (host) => at(model.hostCpuMillicores, host) - at(model.reservedCpuMillicores, host),
        (host) => at(model.hostMemoryMiB, host) - at(model.reservedMemoryMiB, host),
      );
    }
    this.loads = model.hosts.map(() => new Map());
    this.dependents = model.hosts.map(() => new Set());
    this.groupBackups = model.groups.map(() => new Map());
    const room = model.hosts.map((_, host) => this.free[0]?.(host) ?? 0);
    this.order = model.hosts.map((_, host) => host).toSorted((a, b) => (room[b] ?? 0) - (room[a] ?? 0) || a - b);
  }

  /** Instances that must restart when their host is lost. */
  mustRun(instance: number): boolean {
    return (this.model.hostOf[instance] ?? -1) >= 0 && this.model.instances[instance]?.wanted === "on";
  }

  /** Finds backups for everything that must run and has too few. */
  coverAll(): void {
    for (let instance = 0; instance < this.model.instances.length; instance += 1) this.cover(instance);
  }

  /** Finds what is missing for one instance; false if that is not possible. */
  cover(instance: number): boolean {
    if (!this.mustRun(instance)) {
      this.release(instance);
      this.uncovered.delete(instance);
      return true;
    }
    const chosen = (this.backups[instance] ??= []);
    const memory = at(this.model.memoryMiB, instance);
    // Hosts stand by room; the part that has room for this one is where to look, each instance from another start so that loads spread.
    let roomy = this.order.length;
    for (let low = 0; low < roomy; ) {
      const middle = (low + roomy) >> 1;
      if ((this.free[0]?.(this.order[middle] ?? 0) ?? 0) < memory) roomy = middle;
      else low = middle + 1;
    }
    if (roomy === 0) roomy = this.order.length;
    const start = (Math.imul(instance + 1, 0x9e3779b1) >>> 0) % Math.max(1, roomy);
    for (let look = 0; look < Math.min(roomy, MAX_LOOKS) && !this.enough(chosen); look += 1) {
      const target = this.order[(start + look) % roomy] ?? -1;
      if (target >= 0 && !chosen.includes(target) && this.fits(instance, target) && this.isLegal(instance, target)) this.claim(instance, target);
    }
    const done = this.enough(chosen);
    if (done) this.uncovered.delete(instance);
    else this.uncovered.add(instance);
    return done;
  }

  /** Takes a backup that somebody else proposes (an older proof), if it still holds. */
  adopt(instance: number, target: number): boolean {
    const chosen = (this.backups[instance] ??= []);
    if (!this.mustRun(instance) || chosen.includes(target) || !this.fits(instance, target) || !this.isLegal(instance, target)) return false;
    this.claim(instance, target);
    return true;
  }

  /** Is one backup left whatever happens? All but one of the losses may hit awake backups, and one sleeper may fail. */
  private enough(chosen: readonly number[]): boolean {
    let sleeping = 0;
    for (const host of chosen) if (this.asleep.has(host)) sleeping += 1;
    const awake = chosen.length - sleeping;
    return awake + sleeping - Math.min(awake, this.losses - 1) - Math.min(sleeping, 1) >= 1;
  }

  private isLegal(instance: number, target: number): boolean {
    const { model } = this;
    const home = model.hostOf[instance] ?? -1;
    if (target === home || model.hosts[target]?.state === "down") return false;
    const groups = model.groupsOf[instance] ?? [];
    if (groups.length === 0) return firstRefusing(LEGAL_RULES, model, instance, target) === null;
    // It is gone from its host then, and its group counts it no more.
    book(model, instance, home, -1);
    const refused = firstRefusing(LEGAL_RULES, model, instance, target) !== null;
    book(model, instance, home, 1);
    if (refused) return false;
    // Members whose hosts are lost together must not meet at a shared backup.
    if (this.losses < 2) return true;
    return groups.every((index) => {
      const dense = model.groups[index];
      if (dense === undefined || !dense.group.hard || dense.group.kind !== "apart") return true;
      const domain = dense.domainOfHost[target] ?? -1;
      const own = (this.backups[instance] ?? []).filter((host) => dense.domainOfHost[host] === domain).length;
      return (this.groupBackups[index]?.get(domain) ?? 0) === own;
    });
  }

  private fits(instance: number, target: number): boolean {
    const home = this.model.hostOf[instance] ?? -1;
    const loads = this.loads[target];
    const here = loads?.get(home);
    for (let d = 0; d < this.sizes.length; d += 1) {
      const size = at(this.sizes[d]?.() ?? this.model.memoryMiB, instance) + (here?.[d] ?? 0);
      const room = (this.free[d]?.(target) ?? 0) + EPSILON;
      if (size > room) return false;
      if (this.losses > 1 && size + this.largest(target, d, this.losses - 1, home) > room) return false;
    }
    return true;
  }

  /** Sum of the `count` largest loads of one dimension that other hosts than `except` may send to `target`. */
  private largest(target: number, d: number, count: number, except: number): number {
    const top: number[] = [];
    for (const [host, load] of this.loads[target] ?? []) {
      if (host === except) continue;
      const value = load[d] ?? 0;
      if (top.length < count) top.push(value);
      else {
        let least = 0;
        for (let index = 1; index < top.length; index += 1) if ((top[index] ?? 0) < (top[least] ?? 0)) least = index;
        if (value > (top[least] ?? 0)) top[least] = value;
      }
    }
    return top.reduce((sum, one) => sum + one, 0);
  }

  private claim(instance: number, target: number): void {
    (this.backups[instance] ??= []).push(target);
    this.dependents[target]?.add(instance);
    this.count(instance, target, 1);
  }

  private count(instance: number, target: number, sign: 1 | -1): void {
    const home = this.model.hostOf[instance] ?? -1;
    const loads = this.loads[target];
    const load = loads?.get(home) ?? new Float64Array(this.sizes.length);
    loads?.set(home, load);
    let rest = 0;
    this.sizes.forEach((size, d) => {
      load[d] = (load[d] ?? 0) + sign * at(size(), instance);
      rest = Math.max(rest, load[d] ?? 0);
    });
    if (rest <= EPSILON) loads?.delete(home);
    for (const index of this.model.groupsOf[instance] ?? []) {
      const domain = this.model.groups[index]?.domainOfHost[target] ?? -1;
      const counts = this.groupBackups[index];
      counts?.set(domain, (counts.get(domain) ?? 0) + sign);
    }
  }

  /** Gives up the backups of one instance; call it while the model still has it at its host and size. */
  release(instance: number): void {
    for (const target of this.backups[instance] ?? []) {
      this.dependents[target]?.delete(instance);
      this.count(instance, target, -1);
    }
    this.backups[instance] = [];
  }

  private drop(instance: number, target: number): void {
    const chosen = this.backups[instance] ?? [];
    chosen.splice(chosen.indexOf(target), 1);
    this.dependents[target]?.delete(instance);
    this.count(instance, target, -1);
  }

  private overfilled(target: number): boolean {
    return this.sizes.some((_, d) => this.largest(target, d, this.losses, -1) > (this.free[d]?.(target) ?? 0) + EPSILON);
  }

  /** A host lost room, got a guest, or changed what it is: backups there that no longer hold are looked for elsewhere. Returns how many moved. */
  mend(target: number): number {
    const loose: number[] = [];
    for (const instance of this.dependents[target] ?? []) {
      if (this.isLegal(instance, target)) continue;
      this.drop(instance, target);
      loose.push(instance);
    }
    const bySize = [...(this.dependents[target] ?? [])].toSorted((a, b) => at(this.model.memoryMiB, a) - at(this.model.memoryMiB, b) || b - a);
    while (bySize.length > 0 && this.overfilled(target)) {
      const instance = bySize.pop() ?? -1;
      this.drop(instance, target);
      loose.push(instance);
    }
    for (const instance of loose) this.cover(instance);
    return loose.length;
  }

  /** Something that an instance must stay away from moved: backups that are not legal any more are looked for elsewhere. */
  recheck(instance: number): void {
    const illegal = (this.backups[instance] ?? []).filter((target) => !this.isLegal(instance, target));
    for (const target of illegal) this.drop(instance, target);
    this.cover(instance);
  }

  /** A sleeper woke, or a host went to sleep: those that lean on it may need one backup more. */
  noteSleep(host: number, sleeps: boolean): void {
    if (sleeps) this.asleep.add(host);
    else this.asleep.delete(host);
    for (const instance of this.dependents[host] ?? []) this.cover(instance);
  }

  /** Every target within its bound? For tests and for proofs that were adopted. */
  holds(): boolean {
    return this.uncovered.size === 0 && this.loads.every((_, target) => !this.overfilled(target));
  }
}

/** With a memory ratio of at most 1 and no class that reserves more CPU than its part of the ratio, what is sold bounds what is reserved. */
export function soldImpliesReserved(model: Model): boolean {
  const { cpuRatio, memoryRatio } = model.snapshot.policy;
  return memoryRatio <= 1 && model.instances.every((one) => one.instanceClass.cpuReservationMillicoresPerVcpu * cpuRatio <= 1000);
}
