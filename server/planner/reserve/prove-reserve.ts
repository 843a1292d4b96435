import type { ReserveProof, RestartCase } from "../types";
import { hostAt, instanceAt, type Model } from "../model/model";
import { RankedBook } from "./ranked-book";
import { hostsByRoom, restartElsewhere, type RestartOutcome } from "./restart-elsewhere";

/** Above so many combinations that would have to be spelled out, nothing is proved: "safe" is never said without a proof. */
const MAX_CASES = 5000;

export interface Unsurvived {
  lostHosts: number[];
  /** The sleeping host that was assumed not to wake, or -1. */
  failedSleeper: number;
  instance: number;
}

export interface Proof {
  /** The backups that were found; complete when `unsurvived` is null and `cases` is empty. */
  book: RankedBook;
  /** Losses that are spelled out because ranked backups do not reach. */
  cases: { lost: number[]; failedSleeper: number; outcome: RestartOutcome }[];
  /** The first loss without a proof; null: every one is proved. */
  unsurvived: Unsurvived | null;
}

/** Hosts that cannot be relied on to come: asleep, or on their way. */
export function sleepersOf(model: Model): Set<number> {
  return new Set(model.hosts.flatMap((host, index) => (host.state === "asleep" || host.state === "waking" ? [index] : [])));
}

/**
 * Proves that any `losses` awake hosts may be lost while any one of `asleep` does not wake. Ranked backups first, because one pass over the
 * instances proves all combinations; where an instance finds too few, every combination with its host is restarted explicitly.
 */
export function proveReserve(model: Model, losses: number, asleep: ReadonlySet<number>): Proof {
  const book = new RankedBook(model, losses, new Set(asleep));
  book.coverAll();
  return { book, ...proveCases(book) };
}

/** The combinations that the book does not cover, one by one. */
export function proveCases(book: RankedBook): { cases: Proof["cases"]; unsurvived: Unsurvived | null } {
  const { model, asleep, losses } = book;
  const cases: Proof["cases"] = [];
  if (book.uncovered.size === 0) return { cases, unsurvived: null };
  const bad = new Set([...book.uncovered].map((instance) => model.hostOf[instance] ?? -1));
  const alive = model.hosts.flatMap((host, index) => (host.state === "down" || asleep.has(index) ? [] : [index]));
  const size = Math.min(losses, alive.length);
  let count = 0;
  for (let k = 1; k <= size; k += 1) count += combinationsOf(alive.length, k) - combinationsOf(alive.length - bad.size, k);
  if (count > MAX_CASES && size > 1) {
    const [instance = -1] = book.uncovered;
    return { cases, unsurvived: { lostHosts: [model.hostOf[instance] ?? -1], failedSleeper: -1, instance } };
  }
  const byRoom = hostsByRoom(model);
  for (let k = 1; k <= size; k += 1) {
    for (const lost of combinations(alive, k)) {
      if (!lost.some((host) => bad.has(host))) continue;
      const unsurvived = proveLoss(model, lost, asleep, byRoom, cases);
      if (unsurvived !== null) return { cases, unsurvived };
    }
  }
  return { cases, unsurvived: null };
}

/**
 * One loss: two restarts that share no sleeper hold whichever one sleeper fails. Where two such restarts do not exist, one for each sleeper
 * that the first leans on.
 */
function proveLoss(model: Model, lost: number[], asleep: ReadonlySet<number>, byRoom: number[], cases: Proof["cases"]): Unsurvived | null {
  const gone = new Set(lost);
  const first = restartElsewhere(model, gone, new Set(), byRoom);
  if (first.failed >= 0) return { lostHosts: lost, failedSleeper: -1, instance: first.failed };
  if (first.placements.length === 0) return null;
  cases.push({ lost, failedSleeper: -1, outcome: first });
  const leansOn = new Set(first.placements.map((one) => one.host).filter((host) => asleep.has(host)));
  if (leansOn.size === 0) return null;
  const second = restartElsewhere(model, gone, leansOn, byRoom);
  if (second.failed < 0) {
    cases.push({ lost, failedSleeper: -1, outcome: second });
    return null;
  }
  for (const sleeper of leansOn) {
    const without = restartElsewhere(model, gone, new Set([sleeper]), byRoom);
    if (without.failed >= 0) return { lostHosts: lost, failedSleeper: sleeper, instance: without.failed };
    cases.push({ lost, failedSleeper: sleeper, outcome: without });
  }
  return null;
}

/** The proof as data: ids instead of positions. Hosts whose loss is spelled out need no ranked backups. */
export function writeProof(proof: Pick<Proof, "book" | "cases">): ReserveProof {
  const { model, asleep, losses, uncovered, backups } = proof.book;
  const id = (host: number): string => hostAt(model, host).id;
  const bad = new Set([...uncovered].map((instance) => model.hostOf[instance] ?? -1));
  const cases: RestartCase[] = proof.cases.map(({ lost, failedSleeper, outcome }) => ({
    lostHostIds: lost.map(id),
    failedSleeperId: failedSleeper < 0 ? null : id(failedSleeper),
    placements: outcome.placements.map((one) => ({ instanceId: instanceAt(model, one.instance).id, hostId: id(one.host) })),
  }));
  const ranked = model.instances.flatMap((instance, index) =>
    proof.book.mustRun(index) && !bad.has(model.hostOf[index] ?? -1) ? [{ instanceId: instance.id, hostIds: (backups[index] ?? []).map(id) }] : [],
  );
  return { losses, asleepHostIds: [...asleep].toSorted((a, b) => a - b).map(id), backups: ranked, cases };
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

function combinationsOf(items: number, size: number): number {
  let count = 1;
  for (let taken = 0; taken < size; taken += 1) count = (count * Math.max(0, items - taken)) / (taken + 1);
  return count;
}
