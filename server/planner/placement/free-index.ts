/**
 * Hosts of one zone sorted by free memory, coarsely: a doubly linked list per step of free memory, and a bitmap of the lists that are not
 * empty. Moving a host and finding the next list with room take a handful of operations, whatever the number of hosts.
 */
export class FreeIndex {
  private readonly heads: Int32Array;
  private readonly words: Uint32Array;
  private readonly next: Int32Array;
  private readonly previous: Int32Array;
  private readonly bucketOf: Int32Array;
  readonly bucketCount: number;

  constructor(hostCount: number, maxFreeMiB: number, readonly stepMiB: number) {
    this.bucketCount = Math.floor(maxFreeMiB / stepMiB) + 1;
    this.heads = new Int32Array(this.bucketCount).fill(-1);
    this.words = new Uint32Array((this.bucketCount >> 5) + 1);
    this.next = new Int32Array(hostCount).fill(-1);
    this.previous = new Int32Array(hostCount).fill(-1);
    this.bucketOf = new Int32Array(hostCount).fill(-1);
  }

  bucketFor(freeMiB: number): number {
    const bucket = (freeMiB / this.stepMiB) | 0;
    return bucket < this.bucketCount ? bucket : this.bucketCount - 1;
  }

  /** Puts a host where its free memory says; no-op if it is there. */
  put(host: number, freeMiB: number): void {
    const bucket = this.bucketFor(freeMiB);
    if (this.bucketOf[host] === bucket) return;
    this.take(host);
    const head = this.heads[bucket] as number;
    this.next[host] = head;
    this.previous[host] = -1;
    if (head >= 0) this.previous[head] = host;
    else this.words[bucket >> 5] = (this.words[bucket >> 5] as number) | (1 << (bucket & 31));
    this.heads[bucket] = host;
    this.bucketOf[host] = bucket;
  }

  /** Takes a host out: it is asleep, lost, or has nothing left to give. */
  take(host: number): void {
    const bucket = this.bucketOf[host] as number;
    if (bucket < 0) return;
    const after = this.next[host] as number;
    const before = this.previous[host] as number;
    if (before >= 0) this.next[before] = after;
    else this.heads[bucket] = after;
    if (after >= 0) this.previous[after] = before;
    if ((this.heads[bucket] as number) < 0) this.words[bucket >> 5] = (this.words[bucket >> 5] as number) & ~(1 << (bucket & 31));
    this.bucketOf[host] = -1;
  }

  /** The first list at or after `bucket` that has a host, or -1. */
  nextBucket(bucket: number): number {
    let word = bucket >> 5;
    if (word >= this.words.length) return -1;
    let bits = (this.words[word] as number) & (~0 << (bucket & 31));
    while (bits === 0) {
      word += 1;
      if (word >= this.words.length) return -1;
      bits = this.words[word] as number;
    }
    return (word << 5) + (31 - Math.clz32(bits & -bits));
  }

  first(bucket: number): number {
    return this.heads[bucket] as number;
  }

  after(host: number): number {
    return this.next[host] as number;
  }
}
