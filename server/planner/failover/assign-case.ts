import type { CaseHost, CaseInstance, FailoverCase } from "./case-types";

/** How a host is picked for an instance that cannot stay; several are tried and the best outcome is taken. */
export type Taste = "roomy" | "tight" | "thrifty";

export interface Assignment {
  hostOf: Map<string, string | null>;
  /** Running instances per priority, the highest first: outcomes are compared in this order. */
  served: number[];
  moves: number;
}

interface Room {
  host: CaseHost;
  cpu: number;
  memoryMiB: number;
  guests: CaseInstance[];
}

/**
 * Gives every wanted instance a host: higher priority first, then those that can stay where they run, then in the order of the case. Who
 * runs on a usable host stays there if there is room; the others take a host by taste, first leaving alone the room that is still
 * meant for those who run there. If nobody has room, one guest of lower rank may change host to make it.
 */
export function assignCase(one: FailoverCase, usable: readonly CaseHost[], fixed: ReadonlyMap<string, string | null>, taste: Taste): Assignment {
  const rooms = new Map<string, Room>(usable.map((host) => [host.id, { host, cpu: host.cpu, memoryMiB: host.memoryMiB, guests: [] }]));
  const peers = new Map<string, Set<string>>();
  for (const [a, b] of one.apart) {
    peers.set(a, (peers.get(a) ?? new Set<string>()).add(b));
    peers.set(b, (peers.get(b) ?? new Set<string>()).add(a));
  }
  const current = (instance: CaseInstance): string | null => instance.runningOn.find((host) => rooms.has(host) && !instance.bannedHosts.includes(host)) ?? null;
  const queue = one.instances
    .filter((instance) => instance.wanted === "on" && !fixed.has(instance.id))
    .map((instance, index) => ({ instance, index, stays: current(instance) !== null ? 0 : 1 }))
    .toSorted((a, b) => b.instance.priority - a.instance.priority || a.stays - b.stays || a.index - b.index)
    .map(({ instance }) => instance);
  const hostOf = new Map<string, string | null>(fixed);
  const legal = (instance: CaseInstance, room: Room): boolean =>
    !instance.bannedHosts.includes(room.host.id) && !room.guests.some((guest) => peers.get(instance.id)?.has(guest.id) === true);
  const fits = (instance: CaseInstance, room: Room, cpu = 0, memoryMiB = 0): boolean =>
    !one.capacityBinds || (instance.cpu <= room.cpu - cpu && instance.memoryMiB <= room.memoryMiB - memoryMiB);
  const enter = (instance: CaseInstance, room: Room, sign: 1 | -1): void => {
    room.cpu -= sign * instance.cpu;
    room.memoryMiB -= sign * instance.memoryMiB;
    if (sign === 1) room.guests.push(instance);
    else room.guests.splice(room.guests.indexOf(instance), 1);
  };
  const pending = new Set(queue);
  /** Room on a host that is meant for those who run there and have not been asked yet. */
  const promised = (room: Room): { cpu: number; memoryMiB: number } => {
    let cpu = 0;
    let memoryMiB = 0;
    for (const other of pending) {
      if (current(other) !== room.host.id) continue;
      cpu += other.cpu;
      memoryMiB += other.memoryMiB;
    }
    return { cpu, memoryMiB };
  };
  const better = (a: Room, b: Room): boolean => {
    if (taste === "tight") return a.memoryMiB < b.memoryMiB;
    const free = (room: Room): number => (one.capacityBinds ? room.memoryMiB / 1024 + room.cpu : -room.guests.length);
    return free(a) > free(b);
  };
  const choose = (instance: CaseInstance, respectPromises: boolean): Room | null => {
    let best: Room | null = null;
    for (const room of rooms.values()) {
      const kept = respectPromises ? promised(room) : { cpu: 0, memoryMiB: 0 };
      if (legal(instance, room) && fits(instance, room, kept.cpu, kept.memoryMiB) && (best === null || better(room, best))) best = room;
    }
    return best;
  };
  const makeRoom = (instance: CaseInstance): Room | null => {
    for (const room of rooms.values()) {
      if (!legal(instance, room)) continue;
      for (const guest of room.guests.toReversed()) {
        if (!fits(instance, room, -guest.cpu, -guest.memoryMiB)) continue;
        const other = [...rooms.values()].find((candidate) => candidate !== room && legal(guest, candidate) && fits(guest, candidate));
        if (other === undefined) continue;
        enter(guest, room, -1);
        enter(guest, other, 1);
        hostOf.set(guest.id, other.host.id);
        return room;
      }
    }
    return null;
  };
  for (const instance of queue) {
    pending.delete(instance);
    const stay = rooms.get(current(instance) ?? "");
    let room: Room | null = null;
    if (stay !== undefined && legal(instance, stay) && fits(instance, stay)) room = stay;
    else if (taste === "thrifty" || taste === "tight") room = choose(instance, true) ?? choose(instance, false);
    else room = choose(instance, false);
    room ??= makeRoom(instance);
    if (room !== null) enter(instance, room, 1);
    hostOf.set(instance.id, room?.host.id ?? null);
  }
  return { hostOf, ...measure(one, hostOf) };
}

function measure(one: FailoverCase, hostOf: ReadonlyMap<string, string | null>): { served: number[]; moves: number } {
  const priorities = [...new Set(one.instances.map((instance) => instance.priority))].toSorted((a, b) => b - a);
  const served = priorities.map((priority) => one.instances.filter((instance) => instance.priority === priority && (hostOf.get(instance.id) ?? null) !== null).length);
  const moves = one.instances.filter((instance) => {
    const host = hostOf.get(instance.id) ?? null;
    return host !== null && instance.runningOn.length > 0 && !instance.runningOn.includes(host);
  }).length;
  return { served, moves };
}

/** More served at the highest priority where two outcomes differ; then fewer moves. */
export function compareAssignments(a: Assignment, b: Assignment): number {
  for (let index = 0; index < a.served.length; index += 1) {
    const difference = (b.served[index] ?? 0) - (a.served[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return a.moves - b.moves;
}
