import type { Random } from "../random";
import { BackupBook } from "../reserve/backup-book";
import { FreeIndex } from "./free-index";

export interface EngineHosts {
  memoryMiB: Float64Array;
  /** Sellable vCPUs: cores x ratio. */
  vcpus: Float64Array;
  zone: Int32Array;
}

/** Free memory is sorted in steps of this size; the smallest flavor is larger. */
const STEP_MIB = 1024;
/** Hosts looked at in one list before the next one is tried: a bound on the time of a decision. */
const LOOKS_PER_BUCKET = 16;
/** With the reserve: so many hosts are offered to the book before the answer is no. */
const MAX_OFFERS = 12;

/**
 * Placement for large fleets, one order after the other: best fit by memory with vCPU ratio, anti-affinity by host, and groups spread over zones,
 * without looking at all hosts. Optionally every admission keeps "any one host may fail" true.
 */
export class PlacementEngine {
  readonly hostOf: Int32Array;
  readonly freeMiB: Float64Array;
  readonly freeVcpus: Float64Array;
  readonly book: BackupBook | null;
  private readonly zones: FreeIndex[];
  /** Members of each group as linked lists in arrays: nothing is allocated while instances come and go, so nothing is collected either. */
  private readonly headOfGroup: Int32Array;
  private readonly sizeOfGroup: Int32Array;
  private readonly nextPeer: Int32Array;
  private readonly previousPeer: Int32Array;
  private readonly zoneCounts: Int32Array;

  constructor(
    readonly hosts: EngineHosts,
    private readonly memoryMiB: Float64Array,
    private readonly vcpus: Float64Array,
    /** Anti-affinity group of each instance, -1 for none. */
    private readonly groupOf: Int32Array,
    withReserve: Random | null,
  ) {
    this.hostOf = new Int32Array(memoryMiB.length).fill(-1);
    const groupCount = groupOf.reduce((most, group) => Math.max(most, group), -1) + 1;
    this.headOfGroup = new Int32Array(groupCount).fill(-1);
    this.sizeOfGroup = new Int32Array(groupCount);
    this.nextPeer = new Int32Array(memoryMiB.length).fill(-1);
    this.previousPeer = new Int32Array(memoryMiB.length).fill(-1);
    this.freeMiB = hosts.memoryMiB.slice();
    this.freeVcpus = hosts.vcpus.slice();
    const zoneCount = hosts.zone.reduce((most, zone) => Math.max(most, zone), 0) + 1;
    const largest = hosts.memoryMiB.reduce((most, one) => Math.max(most, one), 0);
    this.zones = Array.from({ length: zoneCount }, () => new FreeIndex(hosts.zone.length, largest, STEP_MIB));
    this.zoneCounts = new Int32Array(zoneCount);
    for (let host = 0; host < hosts.zone.length; host += 1) this.index(host);
    this.book =
      withReserve === null
        ? null
        : new BackupBook(hosts.memoryMiB, hosts.vcpus, memoryMiB, vcpus, withReserve, (instance, host) => !this.meetsPeer(instance, host));
  }

  private index(host: number): void {
    const zone = this.zones[this.hosts.zone[host] as number] as FreeIndex;
    if ((this.freeVcpus[host] as number) < 1) zone.take(host);
    else zone.put(host, this.freeMiB[host] as number);
  }

  private meetsPeer(instance: number, host: number): boolean {
    const group = this.groupOf[instance] as number;
    if (group < 0) return false;
    for (let peer = this.headOfGroup[group] as number; peer >= 0; peer = this.nextPeer[peer] as number) {
      if (peer !== instance && this.hostOf[peer] === host) return true;
    }
    return false;
  }

  /** Chooses a host and books it; -1 if none admits the instance. */
  place(instance: number): number {
    const group = this.groupOf[instance] as number;
    const counts = this.zoneCounts;
    counts.fill(0);
    const peers = group < 0 ? 0 : (this.sizeOfGroup[group] as number);
    for (let peer = peers === 0 ? -1 : (this.headOfGroup[group] as number); peer >= 0; peer = this.nextPeer[peer] as number) {
      const zone = this.hosts.zone[this.hostOf[peer] as number] as number;
      counts[zone] = (counts[zone] as number) + 1;
    }
    // A group fills the zones evenly: only zones with the fewest members so far are asked, then the next.
    for (let level = 0; level <= peers; level += 1) {
      const host = this.bestAtLevel(instance, level, peers > 0);
      if (host >= 0) {
        this.enter(instance, host);
        return host;
      }
    }
    return -1;
  }

  private bestAtLevel(instance: number, level: number, grouped: boolean): number {
    const memory = this.memoryMiB[instance] as number;
    const vcpus = this.vcpus[instance] as number;
    let best = -1;
    let bestFree = Infinity;
    for (let z = 0; z < this.zones.length; z += 1) {
      if (this.zoneCounts[z] !== level) continue;
      const index = this.zones[z] as FreeIndex;
      let offers = 0;
      for (let bucket = index.nextBucket(index.bucketFor(memory)); bucket >= 0 && offers < MAX_OFFERS; bucket = index.nextBucket(bucket + 1)) {
        if (best >= 0 && bucket * STEP_MIB >= bestFree) break;
        let looks = 0;
        let found = -1;
        let foundFree = bestFree;
        for (let host = index.first(bucket); host >= 0 && looks < LOOKS_PER_BUCKET; host = index.after(host)) {
          looks += 1;
          const free = this.freeMiB[host] as number;
          if (free < memory || free >= foundFree || (this.freeVcpus[host] as number) < vcpus) continue;
          if (grouped && this.meetsPeer(instance, host)) continue;
          if (this.book !== null) {
            offers += 1;
            if (!this.book.admit(instance, host)) {
              if (offers >= MAX_OFFERS) break;
              continue;
            }
            // The book has it now; the first that it takes is the best fit.
            return host;
          }
          found = host;
          foundFree = free;
        }
        if (found >= 0) {
          best = found;
          bestFree = foundFree;
          break;
        }
      }
    }
    return best;
  }

  private enter(instance: number, host: number): void {
    this.hostOf[instance] = host;
    this.freeMiB[host] = (this.freeMiB[host] as number) - (this.memoryMiB[instance] as number);
    this.freeVcpus[host] = (this.freeVcpus[host] as number) - (this.vcpus[instance] as number);
    this.index(host);
    const group = this.groupOf[instance] as number;
    if (group < 0) return;
    const head = this.headOfGroup[group] as number;
    this.nextPeer[instance] = head;
    this.previousPeer[instance] = -1;
    if (head >= 0) this.previousPeer[head] = instance;
    this.headOfGroup[group] = instance;
    this.sizeOfGroup[group] = (this.sizeOfGroup[group] as number) + 1;
    // Peers that meant to restart here must not meet the new one.
    this.book?.repair(host);
  }

  /** Takes an instance away. */
  remove(instance: number): void {
    const host = this.hostOf[instance] as number;
    if (host < 0) return;
    this.hostOf[instance] = -1;
    this.freeMiB[host] = (this.freeMiB[host] as number) + (this.memoryMiB[instance] as number);
    this.freeVcpus[host] = (this.freeVcpus[host] as number) + (this.vcpus[instance] as number);
    this.index(host);
    this.book?.remove(instance);
    const group = this.groupOf[instance] as number;
    if (group < 0) return;
    const before = this.previousPeer[instance] as number;
    const after = this.nextPeer[instance] as number;
    if (before >= 0) this.nextPeer[before] = after;
    else this.headOfGroup[group] = after;
    if (after >= 0) this.previousPeer[after] = before;
    this.sizeOfGroup[group] = (this.sizeOfGroup[group] as number) - 1;
  }
}
