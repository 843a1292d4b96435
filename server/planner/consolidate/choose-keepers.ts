import { at, type Model } from "../model/model";

/** What the drained instances need and what each host could hold if only it stayed awake. */
export interface Sizes {
  memory: Float64Array;
  vcpus: Float64Array;
}

/**
 * The fewest hosts whose room adds up to what everything needs: a lower bound, because whole instances pack worse than sand.
 * The largest hosts count, separately for memory and vCPUs.
 */
export function fewestHosts(model: Model, candidates: readonly number[], pinned: ReadonlySet<number>, needMemory: number, needVcpus: number): number {
  const count = (capacity: Float64Array, need: number): number => {
    const rest = candidates.filter((host) => !pinned.has(host)).toSorted((a, b) => at(capacity, b) - at(capacity, a));
    let room = [...pinned].reduce((sum, host) => sum + at(capacity, host), 0);
    let hosts = pinned.size;
    for (const host of rest) {
      if (room >= need) break;
      room += at(capacity, host);
      hosts += 1;
    }
    return hosts;
  };
  return Math.max(count(model.sellableMemoryMiB, needMemory), count(model.sellableVcpus, needVcpus));
}

/**
 * Which `count` hosts stay awake: enough room in sum (with `slack` spare), and among those sets the one where most
 * memory already is, because what stays need not move. Starts with the roomiest and exchanges while more memory stays and the room suffices.
 */
export function chooseKeepers(
  model: Model,
  candidates: readonly number[],
  pinned: ReadonlySet<number>,
  count: number,
  needMemory: number,
  needVcpus: number,
): number[] {
  const free = candidates.filter((host) => !pinned.has(host));
  const size = (host: number): number => at(model.sellableMemoryMiB, host) / Math.max(1, needMemory) + at(model.sellableVcpus, host) / Math.max(1, needVcpus);
  const resident = (host: number): number => at(model.usedMemoryMiB, host);
  const sorted = free.toSorted((a, b) => size(b) - size(a) || resident(b) - resident(a) || a - b);
  const kept = sorted.slice(0, Math.max(0, count - pinned.size));
  const others = sorted.slice(kept.length).toSorted((a, b) => resident(b) - resident(a) || a - b);
  const all = [...pinned, ...kept];
  let spareMemory = all.reduce((sum, host) => sum + at(model.sellableMemoryMiB, host), 0) - needMemory;
  let spareVcpus = all.reduce((sum, host) => sum + at(model.sellableVcpus, host), 0) - needVcpus;
  // The emptiest keeper against the fullest of the rest that leaves room enough.
  const byResident = kept.toSorted((a, b) => resident(a) - resident(b));
  for (const weak of byResident) {
    const index = others.findIndex((other) => {
      const memory = at(model.sellableMemoryMiB, weak) - at(model.sellableMemoryMiB, other);
      const vcpus = at(model.sellableVcpus, weak) - at(model.sellableVcpus, other);
      return memory <= spareMemory && vcpus <= spareVcpus;
    });
    const other = others[index];
    if (other === undefined || resident(other) <= resident(weak)) continue;
    spareMemory -= at(model.sellableMemoryMiB, weak) - at(model.sellableMemoryMiB, other);
    spareVcpus -= at(model.sellableVcpus, weak) - at(model.sellableVcpus, other);
    kept[kept.indexOf(weak)] = other;
    others.splice(index, 1);
  }
  return [...pinned, ...kept];
}
