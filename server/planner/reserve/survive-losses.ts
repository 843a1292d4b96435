import { at, type Model } from "../model/model";
import { hostsByRoom, restartElsewhere } from "./restart-elsewhere";

/** Above so many combinations of lost hosts the answer is sought among the fullest hosts only (see below). */
const MAX_COMBINATIONS = 5000;

export interface Unsurvived {
  lostHosts: number[];
  /** The sleeping host that was assumed not to wake, or -1. */
  failedSleeper: number;
  instance: number;
}

function* combinations(items: readonly number[], size: number, from = 0): Generator<number[]> {
  if (size === 0) {
    yield [];
    return;
  }
  for (let index = from; index <= items.length - size; index += 1) {
    const first = items[index];
    if (first === undefined) return;
    for (const rest of combinations(items, size - 1, index + 1)) yield [first, ...rest];
  }
}

function countCombinations(items: number, size: number): number {
  let count = 1;
  for (let taken = 0; taken < size; taken += 1) count = (count * (items - taken)) / (taken + 1);
  return count;
}

/**
 * The fullest hosts are the worst to lose. With too many combinations only those among them are tried; a pair of
 * emptier hosts has less to restart into the same room, although group rules could still make it fail.
 */
function worthTrying(model: Model, carrying: number[], size: number): number[] {
  if (countCombinations(carrying.length, size) <= MAX_COMBINATIONS) return carrying;
  const sorted = carrying.toSorted((a, b) => at(model.usedMemoryMiB, b) - at(model.usedMemoryMiB, a) || a - b);
  let keep = size;
  while (countCombinations(keep + 1, size) <= MAX_COMBINATIONS) keep += 1;
  return sorted.slice(0, keep);
}

/**
 * May any `count` hosts be lost at once, while any one sleeping host fails to wake? Null means yes, proved by explicit
 * placements; otherwise the first loss that was not survived. Hosts without instances need no restart; losing one
 * together with a full one only takes room away, so it is tried as part of the combinations too.
 */
export function findUnsurvivedLoss(model: Model, count: number): Unsurvived | null {
  if (count <= 0) return null;
  const alive: number[] = [];
  const sleepers: number[] = [];
  model.hosts.forEach((host, index) => {
    if (host.state === "asleep") sleepers.push(index);
    else if (host.state !== "down") alive.push(index);
  });
  const size = Math.min(count, alive.length);
  const byRoom = hostsByRoom(model);
  const failedSleepers = sleepers.length === 0 ? [-1] : distinctSleepers(model, sleepers);
  for (const lost of combinations(worthTrying(model, alive, size), size)) {
    if (lost.every((host) => (model.instancesOn[host]?.size ?? 0) === 0)) continue;
    for (const sleeper of failedSleepers) {
      const outcome = restartElsewhere(model, new Set(lost), new Set(sleeper < 0 ? [] : [sleeper]), byRoom);
      if (outcome.failed >= 0) return { lostHosts: lost, failedSleeper: sleeper, instance: outcome.failed };
    }
  }
  return null;
}

/** Sleepers are empty, so two of the same make are the same to a restart: one of each is tried. */
function distinctSleepers(model: Model, sleepers: number[]): number[] {
  const seen = new Map<string, number>();
  for (const host of sleepers) {
    const one = model.hosts[host];
    if (one === undefined) continue;
    const domains = Object.entries(one.failureDomains ?? {}).map((pair) => pair.join("=")).toSorted((a, b) => (a < b ? -1 : 1));
    const make = JSON.stringify([one.cpuCores, at(model.hostMemoryMiB, host), one.cpuModels, one.storagePools, one.networks, domains]);
    if (!seen.has(make)) seen.set(make, host);
  }
  return [...seen.values()];
}
