/** A disk that a process holds open. */
export interface OpenDisk {
  /** Device and inode: the same file has one name on every host. */
  readonly id: string;
  readonly path: string;
  /** Opened for reading and writing, or for writing. */
  readonly writable: boolean;
  /** QEMU holds the byte of its image lock that says "I write". */
  readonly writeLocked: boolean;
}

/** One QEMU process as the kernel shows it at one moment. */
export interface Sighting {
  readonly host: string;
  readonly pid: number;
  /** Clock ticks since boot at which it began; with the pid it is one process for ever. */
  readonly startTicks: number;
  readonly instance: string;
  /** Began as the receiving end of a migration or of a saved memory. */
  readonly incoming: boolean;
  readonly disks: readonly OpenDisk[];
}

export interface Breach {
  readonly kind: "ran-twice" | "two-writers";
  /** The instance, or the path of the disk. */
  readonly what: string;
  readonly parties: readonly Sighting[];
}

export function keyOf(sighting: Sighting): string {
  return `${sighting.pid}.${sighting.startTicks}`;
}

/**
 * What must never be seen in one look over all hosts. Two processes of one instance are right only while the newer one is the
 * receiving end of a migration, and then only one of them may hold a disk's write lock: QEMU gives it up before it hands
 * over. Pure.
 */
export function judgeLook(sightings: readonly Sighting[]): Breach[] {
  const breaches: Breach[] = [];
  for (const [older, newer] of pairs(sightings)) {
    const handingOver = older.instance === newer.instance && newer.incoming;
    if (older.instance === newer.instance && !handingOver) breaches.push({ kind: "ran-twice", what: older.instance, parties: [older, newer] });
    for (const disk of older.disks.filter((one) => one.writable)) {
      const same = newer.disks.find((one) => one.id === disk.id && one.writable);
      if (same && (!handingOver || (disk.writeLocked && same.writeLocked))) breaches.push({ kind: "two-writers", what: disk.path, parties: [older, newer] });
    }
  }
  return breaches;
}

function pairs(sightings: readonly Sighting[]): (readonly [Sighting, Sighting])[] {
  const sorted = sightings.toSorted((a, b) => a.startTicks - b.startTicks || a.pid - b.pid);
  return sorted.flatMap((older, index) => sorted.slice(index + 1).map((newer) => [older, newer] as const));
}
