import type { Action, ClusterPolicy } from "./types";

/**
 * Spreads an ordered list of actions over waves. An action may overtake an earlier one that waits only if it does not
 * arrive on a host that the earlier one touches: the room that the order freed step by step is then still there. Within a wave
 * no action relies on room that another one of the same wave frees, because both ends hold the memory while it is copied.
 */
export function scheduleWaves(actions: Action[], policy: ClusterPolicy): Action[] {
  let waiting = actions;
  const scheduled: Action[] = [];
  for (let wave = 1; waiting.length > 0; wave += 1) {
    const later: Action[] = [];
    const state: Wave = { touched: new Set(), left: new Set(), active: new Set(), busy: new Set(), perHost: new Map(), copies: 0 };
    for (const action of waiting) {
      const hosts = action.fromHostId === null ? [action.toHostId] : [action.fromHostId, action.toHostId];
      if (fits(action, hosts, state, policy)) {
        enter(action, hosts, state);
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
  copies: number;
}

function fits(action: Action, hosts: string[], state: Wave, policy: ClusterPolicy): boolean {
  if (action.instanceId === null) return !state.touched.has(action.toHostId) && !state.active.has(action.toHostId);
  if (state.busy.has(action.instanceId)) return false;
  if (action.op === "stop") return true;
  if (state.touched.has(action.toHostId) || state.left.has(action.toHostId)) return false;
  if (action.op !== "migrate") return true;
  const perHost = Math.max(1, policy.migrationsPerHost);
  return state.copies < Math.max(1, policy.migrationsAtOnce) && hosts.every((host) => (state.perHost.get(host) ?? 0) < perHost);
}

function enter(action: Action, hosts: string[], state: Wave): void {
  for (const host of hosts) state.active.add(host);
  // Nothing else happens to a host in the wave in which it is switched.
  if (action.instanceId === null) state.touched.add(action.toHostId);
  else state.busy.add(action.instanceId);
  if (action.fromHostId !== null) state.left.add(action.fromHostId);
  if (action.op !== "migrate") return;
  state.copies += 1;
  for (const host of hosts) state.perHost.set(host, (state.perHost.get(host) ?? 0) + 1);
}
