import type { Instance, ReserveProof, RestartCase } from "../types";
import { judgePlace } from "./judge-place";
import type { Ledger } from "./ledger";

/** More combinations than this are not spelled out by any proof. */
const MAX_COMBINATIONS = 20_000;
const EPSILON = 1e-6;
/** Rules that are about room: with ranked backups they are judged by the bound on what may arrive, not one by one. */
const ROOM = new Set(["overcommit", "reservation"]);

/**
 * Is a proof true of what the ledger says is where? Every awake host that carries something must be covered: by ranked backups of all that must
 * run there, or by cases for every combination of losses that it is part of. Returns what is wrong.
 */
export function verifyProof(ledger: Ledger, proof: ReserveProof): string[] {
  const wrong: string[] = [];
  const asleep = new Set(proof.asleepHostIds);
  for (const id of asleep) {
    if (!ledger.hosts.has(id)) wrong.push(`it names host ${id}, which is not there`);
    else if ((ledger.guests.get(id)?.size ?? 0) > 0) wrong.push(`${id} is certified asleep but has instances`);
  }
  for (const host of ledger.hosts.values()) if (host.state === "asleep" && !asleep.has(host.id)) wrong.push(`${host.id} sleeps and is not named`);
  const alive = [...ledger.hosts.values()].filter((host) => host.state !== "down" && !asleep.has(host.id)).map((host) => host.id);
  const protectedOn = (hostId: string): Instance[] => [...(ledger.guests.get(hostId) ?? [])].flatMap((id) => ledger.instances.get(id) ?? []).filter((one) => one.wanted === "on");
  const backups = new Map(proof.backups.map((one) => [one.instanceId, one.hostIds]));
  const unranked = new Set(alive.filter((id) => protectedOn(id).some((one) => !isRanked(ledger, one, backups.get(one.id) ?? [], proof, asleep))));
  wrong.push(...overfilledBy(ledger, alive.filter((id) => !unranked.has(id)).map((id) => ({ id, guests: protectedOn(id) })), backups, proof.losses));
  if (proof.losses > 1) wrong.push(...sharedBackups(ledger, backups));
  const casesOf = new Map<string, RestartCase[]>();
  for (const one of proof.cases) {
    const key = one.lostHostIds.toSorted().join("\n");
    casesOf.set(key, [...(casesOf.get(key) ?? []), one]);
  }
  let looked = 0;
  for (let size = 1; size <= Math.min(proof.losses, alive.length) && unranked.size > 0; size += 1) {
    for (const lost of subsets(alive, size)) {
      if (!lost.some((id) => unranked.has(id)) || lost.every((id) => protectedOn(id).length === 0)) continue;
      looked += 1;
      if (looked > MAX_COMBINATIONS) return [...wrong, `the loss of ${lost.join(" and ")} and of many others has no proof`];
      wrong.push(...judgeCases(ledger, lost, lost.flatMap(protectedOn), casesOf.get(lost.toSorted().join("\n")) ?? [], asleep));
      if (wrong.length > 20) return wrong;
    }
  }
  return wrong;
}

/** Enough backups, each of them legal, that one is left when its host and `losses` - 1 others are lost and one sleeper fails. */
function isRanked(ledger: Ledger, one: Instance, hostIds: readonly string[], proof: ReserveProof, asleep: ReadonlySet<string>): boolean {
  const home = ledger.hostOf.get(one.id);
  const distinct = [...new Set(hostIds)].filter((id) => id !== home);
  const sleeping = distinct.filter((id) => asleep.has(id)).length;
  const awake = distinct.length - sleeping;
  if (distinct.length - Math.min(awake, proof.losses - 1) - Math.min(1, sleeping) < 1) return false;
  return distinct.every((id) => judgePlace(ledger, one, id, { arrives: true, mayWake: true, mayCrowd: true, whole: true }).every((fault) => ROOM.has(fault.rule)));
}

/** For every target: what is there and the largest loads that lost hosts may send, by each measure, against what it may hold. */
function overfilledBy(ledger: Ledger, sources: { id: string; guests: Instance[] }[], backups: ReadonlyMap<string, readonly string[]>, losses: number): string[] {
  const arriving = new Map<string, Map<string, Instance[]>>();
  for (const { id, guests } of sources) {
    for (const one of guests) {
      for (const target of new Set(backups.get(one.id) ?? [])) {
        const bySource = arriving.get(target) ?? new Map<string, Instance[]>();
        arriving.set(target, bySource);
        bySource.set(id, [...(bySource.get(id) ?? []), one]);
      }
    }
  }
  const { policy } = ledger.snapshot;
  const wrong: string[] = [];
  for (const [target, bySource] of arriving) {
    const host = ledger.hosts.get(target);
    if (host === undefined) continue;
    const memory = host.memoryMiB - host.systemMemoryMiB;
    const measures: [string, number, (one: Instance) => number][] = [
      ["MiB", memory * policy.memoryRatio, (one) => one.memoryMiB],
      ["vCPUs", host.cpuCores * policy.cpuRatio, (one) => one.vcpus],
      ["reserved MiB", memory, (one) => one.memoryMiB * one.instanceClass.memoryReservationRatio],
      ["reserved millicores", host.cpuCores * 1000, (one) => one.vcpus * one.instanceClass.cpuReservationMillicoresPerVcpu],
    ];
    for (const [unit, room, of] of measures) {
      const there = ledger.on(target).reduce((sum, one) => sum + of(one), 0);
      const loads = [...bySource.values()].map((list) => list.reduce((sum, one) => sum + of(one), 0)).toSorted((a, b) => b - a);
      const most = loads.slice(0, losses).reduce((sum, one) => sum + one, 0);
      if (most > 0 && there + most > room + EPSILON) wrong.push(`the worst loss would put ${there + most} ${unit} on ${target}, which holds ${room}`);
    }
  }
  return wrong;
}

/** Members of a hard "apart" group whose hosts are lost together would meet at a backup that they share. */
function sharedBackups(ledger: Ledger, backups: ReadonlyMap<string, readonly string[]>): string[] {
  const wrong: string[] = [];
  for (const group of ledger.snapshot.groups) {
    if (!group.hard || group.kind !== "apart") continue;
    const owner = new Map<string, string>();
    for (const id of ledger.members.get(group.id) ?? []) {
      for (const target of backups.get(id) ?? []) {
        const domain = group.scope === "host" ? target : (ledger.hosts.get(target)?.failureDomains?.[group.scope] ?? "");
        const other = owner.get(domain) ?? id;
        if (other !== id) wrong.push(`${id} and ${other} of group ${group.id} may both restart at ${domain}`);
        owner.set(domain, id);
      }
    }
  }
  return wrong;
}

/** The cases of one combination: each must be legal, and together they must hold whichever one sleeper fails. */
function judgeCases(ledger: Ledger, lost: readonly string[], guests: Instance[], cases: readonly RestartCase[], asleep: ReadonlySet<string>): string[] {
  const words = lost.join(" and ");
  if (cases.length === 0) return [`nothing says what happens when ${words} is lost`];
  const wrong: string[] = [];
  /** Sleepers that every case so far leans on. */
  let fatal = new Set(asleep);
  for (const one of cases) {
    const faults = judgeCase(ledger, lost, guests, one);
    wrong.push(...faults.map((text) => `loss of ${words}: ${text}`));
    const leansOn = new Set(one.placements.map((place) => place.hostId).filter((id) => asleep.has(id)));
    fatal = new Set([...fatal].filter((id) => leansOn.has(id)));
  }
  for (const sleeper of fatal) wrong.push(`the restart of ${words} needs ${sleeper}, and nothing is said for when it does not wake`);
  return wrong;
}

function judgeCase(ledger: Ledger, lost: readonly string[], guests: Instance[], one: RestartCase): string[] {
  const wrong: string[] = [];
  const homes = guests.map((guest) => ({ id: guest.id, home: ledger.hostOf.get(guest.id) ?? null }));
  const target = new Map(one.placements.map((place) => [place.instanceId, place.hostId]));
  for (const { id } of homes) ledger.move(id, null);
  for (const guest of guests) {
    const to = target.get(guest.id);
    if (to === undefined) wrong.push(`${guest.id} has no restart place`);
    else if (lost.includes(to) || to === one.failedSleeperId) wrong.push(`${guest.id} cannot restart on ${to}, which is lost then`);
    else ledger.move(guest.id, to);
  }
  for (const guest of guests) {
    const to = ledger.hostOf.get(guest.id) ?? null;
    if (to !== null) wrong.push(...judgePlace(ledger, guest, to, { arrives: true, mayWake: true, mayCrowd: true, whole: true }).map((fault) => fault.text));
  }
  for (const { id, home } of homes) ledger.move(id, home);
  return wrong;
}

function* subsets(items: readonly string[], size: number, from = 0): Generator<string[]> {
  if (size === 0) {
    yield [];
    return;
  }
  for (let index = from; index <= items.length - size; index += 1) {
    const first = items[index];
    if (first === undefined) return;
    for (const rest of subsets(items, size - 1, index + 1)) yield [first, ...rest];
  }
}
