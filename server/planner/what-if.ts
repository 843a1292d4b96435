import type { ClusterSnapshot } from "./types";
import { firstRefusing, PLACE_RULES } from "./constraints/index";
import { buildModel, hostAt, instanceAt, type Model } from "./model/model";
import { seededRandom, type Random } from "./random";
import { BackupBook } from "./reserve/backup-book";
import { hostsByRoom, restartElsewhere } from "./reserve/restart-elsewhere";

const RESTART_RULES = PLACE_RULES.filter((one) => !["storage", "host-state", "overcommit", "reservation", "contention"].includes(one.rule));

/** Are there rules beyond room, so that each backup must be asked about? */
function hasRules(model: Model): boolean {
  const { groups, hostRules, hosts } = model.snapshot;
  return (
    groups.length > 0 ||
    hostRules.length > 0 ||
    model.instances.some((one) => one.cpuModel !== null || one.disks.length > 0 || one.networks.length > 0) ||
    hosts.some((one) => one.state !== "up" || one.cordoned || one.maintenance)
  );
}

/** A backup book of a model: what would restart where after each single loss. Keep it and change it as the fleet changes. */
export function bookOf(model: Model, random: Random): BackupBook {
  const legal = hasRules(model)
    ? (instance: number, host: number): boolean =>
        model.hosts[host]?.state !== "down" && firstRefusing(RESTART_RULES, model, instance, host) === null
    : null;
  const book = new BackupBook(model.sellableMemoryMiB, model.sellableVcpus, model.memoryMiB, model.vcpus, random, legal);
  for (let instance = 0; instance < model.hostOf.length; instance += 1) {
    const host = model.hostOf[instance] ?? -1;
    if (host >= 0) book.seat(instance, host);
  }
  book.coverAll();
  return book;
}

/** The book counts what is sold. That proves reservations too where they cannot exceed it; elsewhere the thorough restart decides. */
function impliesReservations(model: Model): boolean {
  const { cpuRatio, memoryRatio } = model.snapshot.policy;
  return memoryRatio <= 1 && model.instances.every((one) => one.instanceClass.cpuReservationMillicoresPerVcpu * cpuRatio <= 1000);
}

export interface WhatIf {
  hostId: string;
  safe: boolean;
  /** Instances that would find no place. Empty when safe. */
  without: string[];
}

/**
 * For every host: would everything that runs on it find a place elsewhere if it were lost now? The quick book answers first; where it has
 * no proof, a thorough restart is tried before "no" is said. A "yes" is always an explicit placement.
 */
export function whatIfLost(snapshot: ClusterSnapshot, seed = 1): WhatIf[] {
  const model = buildModel(snapshot);
  const book = bookOf(model, seededRandom(seed));
  const bookProves = impliesReservations(model);
  return model.hosts.map((host, index) => {
    if (host.state === "down" || (bookProves && book.isSafe(index))) return { hostId: host.id, safe: true, without: [] };
    const thorough = restartElsewhere(model, new Set([index]), new Set());
    if (thorough.failed < 0) return { hostId: hostAt(model, index).id, safe: true, without: [] };
    const without = [...(model.instancesOn[index] ?? [])]
      .filter((one) => (book.backupOf[one] ?? -1) < 0)
      .map((one) => instanceAt(model, one).id);
    return { hostId: host.id, safe: false, without: without.length > 0 ? without : [instanceAt(model, thorough.failed).id] };
  });
}

export interface PairWhatIf {
  hostIds: [string, string];
  safe: boolean;
  /** An instance that would find no place; null when safe. */
  without: string | null;
}

/** Pairs that are looked at if nobody says how many. */
const DEFAULT_SAMPLES = 200;

/**
 * The same for two hosts at once: every pair where there are few, else a sample, the fullest hosts always in it. A "yes" is an explicit
 * placement; a "no" means that none was found.
 */
export function whatIfPairsLost(snapshot: ClusterSnapshot, samples = DEFAULT_SAMPLES, seed = 1): PairWhatIf[] {
  const model = buildModel(snapshot);
  const carrying = model.hosts.flatMap((host, index) => (host.state !== "down" && (model.instancesOn[index]?.size ?? 0) > 0 ? [index] : []));
  const byRoom = hostsByRoom(model);
  return choosePairs(model, carrying, samples, seededRandom(seed)).map(([a, b]) => {
    const { failed } = restartElsewhere(model, new Set([a, b]), new Set(), byRoom);
    return { hostIds: [hostAt(model, a).id, hostAt(model, b).id], safe: failed < 0, without: failed < 0 ? null : instanceAt(model, failed).id };
  });
}

function choosePairs(model: Model, hosts: number[], samples: number, random: Random): [number, number][] {
  const fullest = hosts.toSorted((a, b) => (model.usedMemoryMiB[b] ?? 0) - (model.usedMemoryMiB[a] ?? 0) || a - b);
  const pairs = new Map<string, [number, number]>();
  const add = (a: number | undefined, b: number | undefined): void => {
    if (a !== undefined && b !== undefined && a !== b && pairs.size < samples) pairs.set(`${Math.min(a, b)} ${Math.max(a, b)}`, [Math.min(a, b), Math.max(a, b)]);
  };
  const all = (hosts.length * (hosts.length - 1)) / 2;
  if (all <= samples) {
    hosts.forEach((a, index) => hosts.slice(index + 1).forEach((b) => add(a, b)));
    return [...pairs.values()];
  }
  // Neighbours in the order of fullness, for a quarter of the sample; the rest by chance.
  for (let index = 0; pairs.size < samples / 4 && index + 1 < fullest.length; index += 1) add(fullest[index], fullest[index + 1]);
  while (pairs.size < samples) add(hosts[(random() * hosts.length) | 0], hosts[(random() * hosts.length) | 0]);
  return [...pairs.values()];
}
