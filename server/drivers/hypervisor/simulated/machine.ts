import { DriverError } from "../../errors";
import { account } from "./accounting";
import { later } from "./domains";
import { watchOverLease } from "./lease";
import { endProcess } from "./process";
import type { WorldState } from "./state";
import { announceReconnect, hasMains, hostNamed } from "./state";
import type { HostRecord, LieKind, PowerRecord } from "./types";

/** Ends every process on the host at one moment; definitions stay on its disk. */
function killEverything(state: WorldState, host: HostRecord, phase: "off" | "panicked"): void {
  account(state, host);
  const silencedBefore = host.phase;
  host.phase = phase;
  host.leaseStoppedMs ??= state.clock.nowMs();
  host.powerCycles += 1;
  host.hung = false;
  for (const domain of host.domains.values()) {
    if (domain.process !== "none") endProcess(state, host, domain, { state: "stopped", reason: "unknown", orderly: false });
  }
  if (silencedBefore !== "off") cutConnections(state, host);
}

/** Calls under way learn of the silence only when their keepalive runs out. */
function cutConnections(state: WorldState, host: HostRecord): void {
  for (const cut of Array.from(state.inFlight.get(host.name) ?? [])) cut();
}

/** The mains fail: everything dies at once, the management controller says `off`. */
export function losePower(state: WorldState, name: string, how: PowerRecord["how"] = "lost"): void {
  const host = hostNamed(state, name);
  if (host.phase !== "off") note(state, name, "off", how);
  killEverything(state, host, "off");
}

function note(state: WorldState, host: string, to: PowerRecord["to"], how: PowerRecord["how"]): void {
  state.power.push({ host, atMs: state.clock.nowMs(), to, how });
}

/** The machine restarts: its guests end with it, and its management controller never says `off`. */
export function rebootHost(state: WorldState, name: string): void {
  const host = hostNamed(state, name);
  if (host.phase === "off") return;
  note(state, name, "off", "rebooted");
  killEverything(state, host, "off");
  boot(state, host, state.timings.hostBootMs, "rebooted");
}

/** A watchdog of the host's own: whom nobody speaks to may have been given up, so it makes sure that it is dead. */
export function watchOverContact(state: WorldState, host: HostRecord): void {
  const { selfFenceMs } = state.timings;
  if (selfFenceMs <= 0 || host.phase !== "up") return;
  const cycle = host.powerCycles;
  const leftMs = host.contactMs + selfFenceMs - state.clock.nowMs();
  if (leftMs > 0) later(state, leftMs, () => host.powerCycles === cycle && watchOverContact(state, host));
  else losePower(state, host.name, "self");
}

/** The kernel panics: everything dies, the management controller still says `on`. */
export function panicHost(state: WorldState, name: string): void {
  const host = hostNamed(state, name);
  if (host.phase === "up" || host.phase === "booting") killEverything(state, host, "panicked");
}

/** The management controller switches the machine on; it answers when it has booted. */
export function switchOn(state: WorldState, name: string): void {
  const host = hostNamed(state, name);
  if (host.phase !== "off" || !hasMains(state, host)) return;
  boot(state, host, host.asleep ? state.timings.hostWakeMs : state.timings.hostBootMs, "switched");
}

function boot(state: WorldState, host: HostRecord, bootMs: number, how: PowerRecord["how"]): void {
  note(state, host.name, "on", how);
  host.asleep = false;
  host.phase = "booting";
  host.bootEndsMs = state.clock.nowMs() + bootMs;
  const cycle = host.powerCycles;
  later(state, bootMs, () => {
    if (host.powerCycles !== cycle || host.phase === "off") return;
    host.phase = "up";
    host.leaseStoppedMs = null;
    host.accountedMs = state.clock.nowMs();
    host.contactMs = state.clock.nowMs();
    watchOverContact(state, host);
    if (!host.partitioned) announceReconnect(state, host);
  });
}

/** An orderly power-off of an empty host. */
export function sleepHost(state: WorldState, name: string): void {
  const host = hostNamed(state, name);
  if (host.phase === "off") return;
  const busy = [...host.domains.values()].filter((domain) => domain.process !== "none").map((domain) => domain.spec.instanceId);
  if (busy.length > 0) {
    throw new DriverError("refused", `${name} cannot sleep: ${busy.length} domains run there (${busy.slice(0, 5).join(", ")}). Move them away first.`, { host: name });
  }
  note(state, name, "off", "slept");
  killEverything(state, host, "off");
  host.asleep = true;
}

/**
 * Nobody can reach the host any more and it can reach no other host; its guests go on. With `storage: false` it
 * loses the shared storage too, and after a whole lease the storage gives its locks to others.
 */
export function partitionHost(state: WorldState, name: string, options: { readonly storage: boolean } = { storage: true }): void {
  const host = hostNamed(state, name);
  host.partitioned = true;
  if (!options.storage && host.storageLostSinceMs === null) {
    host.storageLostSinceMs = state.clock.nowMs();
    watchOverLease(state, host);
  }
  for (const other of state.hosts.values()) {
    for (const domain of other.domains.values()) {
      const migration = domain.migration;
      if (migration && (other === host || migration.toHost === name)) migration.abort("the network between the hosts was lost", "failed");
    }
  }
  cutConnections(state, host);
}

/** The pair of hosts as one key, whichever is named first. */
export const linkKey = (one: string, other: string): string => [one, other].sort().join(" ");

/** Two hosts can not reach each other any more, and everybody else reaches both. Nothing but a migration speaks across. */
export function cutLink(state: WorldState, one: string, other: string): void {
  state.cutLinks.add(linkKey(hostNamed(state, one).name, hostNamed(state, other).name));
  for (const [from, to] of [[one, other], [other, one]] as const) {
    for (const { migration } of hostNamed(state, from).domains.values()) {
      if (migration?.toHost === to) migration.abort("the link between the two hosts was lost", "failed");
    }
  }
}

export function mendLink(state: WorldState, one: string, other: string): void {
  state.cutLinks.delete(linkKey(one, other));
}

export function healHost(state: WorldState, name: string): void {
  const host = hostNamed(state, name);
  const wasSilent = host.partitioned || host.hung;
  host.partitioned = false;
  for (const other of state.hosts.keys()) mendLink(state, name, other);
  host.storageLostSinceMs = null;
  host.hung = false;
  host.slowMs = 0;
  host.lie = null;
  host.bmc.reachable = true;
  host.bmc.slowMs = 0;
  host.bmc.liesOff = false;
  host.bmc.answersEarly = false;
  host.bmc.ignoresOff = false;
  if (wasSilent && host.phase === "up") announceReconnect(state, host);
}

/** The management daemon takes calls and answers none; guests go on. */
export function hangHost(state: WorldState, name: string): void {
  hostNamed(state, name).hung = true;
}

export function slowHost(state: WorldState, name: string, slowMs: number): void {
  hostNamed(state, name).slowMs = slowMs;
}

/** From now on the host's list of domains is wrong in the chosen way. */
export function makeLie(state: WorldState, name: string, kind: LieKind | null): void {
  const host = hostNamed(state, name);
  const running = [...host.domains.values()].filter((domain) => domain.process !== "none").map((domain) => domain.spec.instanceId);
  host.lie = kind === null ? null : { kind, frozen: running };
}

/** The host's own counters pass over a stretch in which nothing happened. */
export function skipTime(host: HostRecord, ms: number): void {
  host.contactMs += ms;
  host.accountedMs += ms;
  if (host.storageLostSinceMs !== null) host.storageLostSinceMs += ms;
}
