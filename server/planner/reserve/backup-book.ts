import type { Random } from "../random";

/** Random hosts that are looked at before all are. */
const PROBES = 48;

/**
 * "Any one host may fail" as a book that is kept true by small changes. Every instance has a backup host; for each host that
 * might be lost, all its instances fit on their backups at once. Different losses share the same free room, since only one happens. The book is
 * an explicit placement for every loss, so what it calls safe is safe; an instance without backup (-1) may be a false alarm.
 */
export class BackupBook {
  readonly hostOf: Int32Array;
  readonly backupOf: Int32Array;
  readonly freeMiB: Float64Array;
  readonly freeVcpus: Float64Array;
  private readonly nextOnHost: Int32Array;
  private readonly prevOnHost: Int32Array;
  private readonly headOnHost: Int32Array;
  private readonly nextDependent: Int32Array;
  private readonly prevDependent: Int32Array;
  private readonly headDependent: Int32Array;
  private readonly missingOn: Int32Array;
  /** Instances without a backup; 0 means that any one host may fail. */
  unsafeInstances = 0;

  constructor(
    freeMiB: Float64Array,
    freeVcpus: Float64Array,
    readonly memoryMiB: Float64Array,
    readonly vcpus: Float64Array,
    private readonly random: Random,
    /** True if `instance` may restart on `host` as far as rules beyond room go. */
    private readonly legal: ((instance: number, host: number) => boolean) | null = null,
  ) {
    const hosts = freeMiB.length;
    const instances = memoryMiB.length;
    this.freeMiB = freeMiB.slice();
    this.freeVcpus = freeVcpus.slice();
    this.hostOf = new Int32Array(instances).fill(-1);
    this.backupOf = new Int32Array(instances).fill(-1);
    this.nextOnHost = new Int32Array(instances).fill(-1);
    this.prevOnHost = new Int32Array(instances).fill(-1);
    this.headOnHost = new Int32Array(hosts).fill(-1);
    this.nextDependent = new Int32Array(instances).fill(-1);
    this.prevDependent = new Int32Array(instances).fill(-1);
    this.headDependent = new Int32Array(hosts).fill(-1);
    this.missingOn = new Int32Array(hosts);
  }

  /** May this host be lost? */
  isSafe(host: number): boolean {
    return this.missingOn[host] === 0;
  }

  /** Books a running instance without looking for its backup; for the cold start. */
  seat(instance: number, host: number): void {
    this.enter(instance, host);
    this.noteMissing(host, 1);
  }

  /** Finds backups for everything that has none. */
  coverAll(): void {
    for (let instance = 0; instance < this.hostOf.length; instance += 1) {
      if ((this.hostOf[instance] as number) >= 0 && (this.backupOf[instance] as number) < 0) this.cover(instance);
    }
  }

  /** Adds an instance and keeps the book true; false, with nothing changed, if that is not possible. */
  admit(instance: number, host: number): boolean {
    const memory = this.memoryMiB[instance] as number;
    const vcpus = this.vcpus[instance] as number;
    if (memory > (this.freeMiB[host] as number) || vcpus > (this.freeVcpus[host] as number)) return false;
    const before = this.unsafeInstances;
    this.add(instance, host);
    if (this.unsafeInstances <= before) return true;
    this.remove(instance);
    return false;
  }

  /** Adds an instance whatever that does to the book. */
  add(instance: number, host: number): void {
    this.enter(instance, host);
    this.noteMissing(host, 1);
    this.cover(instance);
    this.repair(host);
  }

  /** Takes an instance away; the room that it leaves may cover others that had no backup. */
  remove(instance: number): void {
    const host = this.hostOf[instance] as number;
    if (host < 0) return;
    if ((this.backupOf[instance] as number) >= 0) this.release(instance);
    this.noteMissing(host, -1);
    const before = this.prevOnHost[instance] as number;
    const after = this.nextOnHost[instance] as number;
    if (before >= 0) this.nextOnHost[before] = after;
    else this.headOnHost[host] = after;
    if (after >= 0) this.prevOnHost[after] = before;
    this.hostOf[instance] = -1;
    this.freeMiB[host] = (this.freeMiB[host] as number) + (this.memoryMiB[instance] as number);
    this.freeVcpus[host] = (this.freeVcpus[host] as number) + (this.vcpus[instance] as number);
  }

  private enter(instance: number, host: number): void {
    const head = this.headOnHost[host] as number;
    this.nextOnHost[instance] = head;
    this.prevOnHost[instance] = -1;
    if (head >= 0) this.prevOnHost[head] = instance;
    this.headOnHost[host] = instance;
    this.hostOf[instance] = host;
    this.freeMiB[host] = (this.freeMiB[host] as number) - (this.memoryMiB[instance] as number);
    this.freeVcpus[host] = (this.freeVcpus[host] as number) - (this.vcpus[instance] as number);
  }

  private noteMissing(host: number, change: number): void {
    this.missingOn[host] = (this.missingOn[host] as number) + change;
    this.unsafeInstances += change;
  }

  /** Does `instance` fit on `target` beside what else of its host would restart there? */
  private fits(instance: number, target: number): boolean {
    const home = this.hostOf[instance] as number;
    if (target === home) return false;
    let memory = this.memoryMiB[instance] as number;
    let vcpus = this.vcpus[instance] as number;
    const free = this.freeMiB[target] as number;
    const freeVcpus = this.freeVcpus[target] as number;
    if (memory > free || vcpus > freeVcpus) return false;
    for (let other = this.headOnHost[home] as number; other >= 0; other = this.nextOnHost[other] as number) {
      if (other === instance || this.backupOf[other] !== target) continue;
      memory += this.memoryMiB[other] as number;
      vcpus += this.vcpus[other] as number;
      if (memory > free || vcpus > freeVcpus) return false;
    }
    return this.legal === null || this.legal(instance, target);
  }

  private cover(instance: number): boolean {
    const hosts = this.freeMiB.length;
    for (let probe = 0; probe < PROBES; probe += 1) {
      const target = (this.random() * hosts) | 0;
      if (this.fits(instance, target)) return this.claim(instance, target);
    }
    const start = (this.random() * hosts) | 0;
    for (let step = 0; step < hosts; step += 1) {
      const target = start + step < hosts ? start + step : start + step - hosts;
      if (this.fits(instance, target)) return this.claim(instance, target);
    }
    return false;
  }

  private claim(instance: number, target: number): true {
    const head = this.headDependent[target] as number;
    this.nextDependent[instance] = head;
    this.prevDependent[instance] = -1;
    if (head >= 0) this.prevDependent[head] = instance;
    this.headDependent[target] = instance;
    this.backupOf[instance] = target;
    this.noteMissing(this.hostOf[instance] as number, -1);
    return true;
  }

  private release(instance: number): void {
    const target = this.backupOf[instance] as number;
    const before = this.prevDependent[instance] as number;
    const after = this.nextDependent[instance] as number;
    if (before >= 0) this.nextDependent[before] = after;
    else this.headDependent[target] = after;
    if (after >= 0) this.prevDependent[after] = before;
    this.backupOf[instance] = -1;
    this.noteMissing(this.hostOf[instance] as number, 1);
  }

  /** Re-seats backups on `target` that no longer fit, after it lost room or got a guest that they must not meet. */
  repair(target: number): void {
    let dependent = this.headDependent[target] as number;
    while (dependent >= 0) {
      const following = this.nextDependent[dependent] as number;
      if (!this.fits(dependent, target)) {
        this.release(dependent);
        this.cover(dependent);
      }
      dependent = following;
    }
  }
}
