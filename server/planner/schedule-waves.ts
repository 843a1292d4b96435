import type { Action, ClusterPolicy, Group, Host } from "./types";

/**
 * Spreads an ordered list of actions over waves. An action may overtake an earlier one that waits only if it does not
 * arrive on a host that the earlier one touches: the room that the order freed step by step is then still there. Within a wave
 * no action relies on room that another one of the same wave frees, because both ends hold the memory while it is copied. `fleet` tells
 * which hosts share a link or a failure domain, `groups` who must not meet in one.
 */
export function scheduleWaves(actions: Action[], policy: ClusterPolicy, fleet: readonly Host[] = [], groups: readonly Group[] = []): Action[] {
  const domainsOf = apartDomains(fleet, groups);
  const linkOf = new Map(fleet.flatMap((host) => (host.link === undefined ? [] : [[host.id, host.link] as const])));
  let waiting = actions;
  const scheduled: Action[] = [];
  for (let wave = 1; waiting.length > 0; wave += 1) {
    const later: Action[] = [];
    const state: Wave = { touched: new Set(), left: new Set(), active: new Set(), busy: new Set(), perHost: new Map(), perLink: new Map(), starts: new Map(), leftDomains: new Set(), copies: 0 };
    for (const action of waiting) {
      const hosts = action.fromHostId === null ? [action.toHostId] : [action.fromHostId, action.toHostId];
      const links = action.op === "migrate" ? linksOf(linkOf, action) : [];
      const meets = action.op !== "stop" && domainsOf(action.instanceId, action.toHostId).some((one) => state.leftDomains.has(one));
      if (!meets && fits(action, hosts, links, state, policy)) {
        enter(action, hosts, links, state);
        for (const one of domainsOf(action.instanceId, action.fromHostId)) state.leftDomains.add(one);
        scheduled.push({ ...action, wave });
      } else {
        for (const host of hosts) state.touched.add(host);
        if (action.instanceId !== null) state.busy.add(action.instanceId);
        later.push(action);
      }
    }
    waiting = later;
  }
  return scheduled;
}

interface Wave {
  /** Hosts that a waiting action touches. */
  touched: Set<string>;
  /** Hosts that something leaves in this wave: their room is free only in the next one. */
  left: Set<string>;
  /** Hosts that an action of this wave touches. */
  active: Set<string>;
  busy: Set<string>;
  perHost: Map<string, number>;
  perLink: Map<string, number>;
  starts: Map<string, number>;
  /** Failure domains that a member of an "apart" group leaves: until the wave is over it is still there. */
  leftDomains: Set<string>;
  copies: number;
}

/** For an instance on a host: the failure domains, one for each of its hard "apart" groups, in which no other member may be. */
function apartDomains(fleet: readonly Host[], groups: readonly Group[]): (instanceId: string | null, hostId: string | null) => string[] {
  const domains = new Map(fleet.map((host) => [host.id, host.failureDomains ?? {}]));
  const byInstance = new Map<string, Group[]>();
  for (const group of groups) {
    if (!group.hard || group.kind !== "apart" || group.scope === "host") continue;
    for (const id of new Set(group.instanceIds)) byInstance.set(id, [...(byInstance.get(id) ?? []), group]);
  }
  return (instanceId, hostId) => (byInstance.get(instanceId ?? "") ?? []).map((group) => JSON.stringify([group.id, domains.get(hostId ?? "")?.[group.scope] ?? hostId]));
}

/** Links that a migration crosses: none inside one link, else those of both ends. */
function linksOf(linkOf: ReadonlyMap<string, string>, action: Action): string[] {
  const ends = [linkOf.get(action.fromHostId ?? ""), linkOf.get(action.toHostId)];
  return ends[0] === ends[1] ? [] : ends.filter((one) => one !== undefined);
}

function fits(action: Action, hosts: string[], links: string[], state: Wave, policy: ClusterPolicy): boolean {
  if (action.instanceId === null) return !state.touched.has(action.toHostId) && !state.active.has(action.toHostId);
  if (state.busy.has(action.instanceId)) return false;
  if (action.op === "stop") return true;
  if (state.touched.has(action.toHostId) || state.left.has(action.toHostId)) return false;
  if (action.op === "start") return (state.starts.get(action.toHostId) ?? 0) < Math.max(1, policy.startsPerHost ?? Infinity);
  if (action.op !== "migrate") return true;
  if (links.some((link) => (state.perLink.get(link) ?? 0) >= Math.max(1, policy.migrationsPerLink ?? Infinity))) return false;
  const perHost = Math.max(1, policy.migrationsPerHost);
  return state.copies < Math.max(1, policy.migrationsAtOnce) && hosts.every((host) => (state.perHost.get(host) ?? 0) < perHost);
}

function enter(action: Action, hosts: string[], links: string[], state: Wave): void {
  for (const host of hosts) state.active.add(host);
  // Nothing else happens to a host in the wave in which it is switched.
  if (action.instanceId === null) state.touched.add(action.toHostId);
  else state.busy.add(action.instanceId);
  if (action.fromHostId !== null) state.left.add(action.fromHostId);
  if (action.op === "start") state.starts.set(action.toHostId, (state.starts.get(action.toHostId) ?? 0) + 1);
  if (action.op !== "migrate") return;
  for (const link of links) state.perLink.set(link, (state.perLink.get(link) ?? 0) + 1);
  state.copies += 1;
  for (const host of hosts) state.perHost.set(host, (state.perHost.get(host) ?? 0) + 1);
}
