import type { DomainEvent } from "../types";
import { DriverError } from "../../errors";
import type { Chance } from "./chance";
import { seededChance, uuidOf } from "./chance";
import type { SimulatedClock } from "./clock";
import { wallClock } from "./clock";
import { defaultFaults, defaultHost, defaultPools, defaultTimings } from "./defaults";
import type {
  DomainRecord,
  FaultChances,
  GuestProfile,
  HostOptions,
  HostRecord,
  LockHolder,
  OutletRecord,
  PoolOptions,
  PoolRecord,
  PowerRecord,
  RunRecord,
  Timings,
  TornGuest,
  WorldOptions,
} from "./types";

/** Ground truth: what is, as opposed to what any host says about it. */
export interface WorldState {
  readonly seed: number;
  readonly clock: SimulatedClock;
  readonly chance: Chance;
  readonly timings: Timings;
  readonly faults: { -readonly [K in keyof FaultChances]: FaultChances[K] };
  readonly nonConverging: "force" | "timeout";
  readonly profileOf: (instanceId: string) => Partial<GuestProfile>;
  readonly hosts: Map<string, HostRecord>;
  readonly poolOptions: readonly PoolOptions[];
  /** Keyed by pool name for shared pools, by `host/pool` for local ones. */
  readonly pools: Map<string, PoolRecord>;
  /** Keyed by `poolKey/volume`. */
  readonly locks: Map<string, LockHolder>;
  readonly runs: RunRecord[];
  readonly power: PowerRecord[];
  /** Switched outlets by name, also such as feed nobody. */
  readonly outlets: Map<string, OutletRecord>;
  /** The run that goes on for `host/instance`. */
  readonly openRuns: Map<string, RunRecord>;
  /** Memory that was put over disks it does not fit; an empty list is asserted by every simulation that suspends. */
  readonly tornGuests: TornGuest[];
  /** Requests to yield that stand on the shared storage, by host UUID. */
  readonly yields: Map<string, number>;
  /** Pairs of hosts that cannot reach each other, by `linkKey`. */
  readonly cutLinks: Set<string>;
  readonly watchers: Map<string, Set<Watcher>>;
  /** Calls in flight per host, to be cut when the host goes silent. */
  readonly inFlight: Map<string, Set<() => void>>;
  /** Faults that a test asked for by name, used once each. */
  readonly armed: ArmedFault[];
}

export interface Watcher {
  readonly onEvent: (event: DomainEvent) => void;
  readonly onReconnect: () => void;
}

export type FaultKind = "lost-request" | "lost-reply" | "late-effect" | "slow" | "none";

export interface ArmedFault {
  readonly host: string;
  readonly call: string;
  readonly kind: FaultKind;
}

export function createState(options: WorldOptions): WorldState {
  const seed = options.seed ?? 1;
  const clock = options.clock ?? wallClock();
  const state: WorldState = {
    seed,
    clock,
    chance: seededChance(seed),
    timings: { ...defaultTimings, ...options.timings },
    faults: { ...defaultFaults, ...options.faults },
    nonConverging: options.nonConverging ?? "force",
    profileOf: options.profile ?? (() => ({})),
    hosts: new Map(),
    poolOptions: options.pools ?? defaultPools,
    pools: new Map(),
    locks: new Map(),
    runs: [],
    power: [],
    outlets: new Map(),
    openRuns: new Map(),
    tornGuests: [],
    yields: new Map(),
    cutLinks: new Set(),
    watchers: new Map(),
    inFlight: new Map(),
    armed: [],
  };
  const hosts = options.hosts ?? 3;
  const named = typeof hosts === "number" ? Array.from({ length: hosts }, (_, index) => ({ name: `h${index + 1}` })) : hosts;
  for (const pool of state.poolOptions) if (pool.shared) state.pools.set(pool.name, emptyPool(pool));
  for (const host of named) addHost(state, { ...defaultHost, ...options.hostDefaults, ...host });
  for (const image of options.images ?? []) {
    const pool = state.pools.get(image.pool);
    if (!pool) throw new Error(`The image ${image.name} names the pool ${image.pool}, which is not a shared pool of this world.`);
    const allocatedBytes = Math.floor(image.capacityMiB * 1_048_576 * 0.4);
    pool.allocatedBytes += allocatedBytes;
    pool.volumes.set(image.name, {
      ...image,
      backing: null,
      allocatedBytes,
      bootable: true,
      contentSha256: null,
      files: new Map(),
    });
  }
  return state;
}

function emptyPool(options: PoolOptions): PoolRecord {
  return { options, volumes: new Map(), allocatedBytes: 0, foreignBytes: 0 };
}

/** Adds a machine to the world; local pools are made for it. */
export function addHost(state: WorldState, options: HostOptions): void {
  if (state.hosts.has(options.name)) throw new Error(`There is already a simulated host named ${options.name}.`);
  state.hosts.set(options.name, {
    options,
    name: options.name,
    uuid: uuidOf(`host ${options.name}`),
    phase: options.state,
    bootEndsMs: 0,
    startsWithMains: false,
    powerCycles: 0,
    asleep: false,
    partitioned: false,
    storageLostSinceMs: null,
    leaseStoppedMs: null,
    yieldedTo: 0,
    contactMs: state.clock.nowMs(),
    hung: false,
    slowMs: 0,
    lie: null,
    bmc: { reachable: true, slowMs: 0, liesOff: false, answersEarly: false, ignoresOff: false },
    domains: new Map(),
    accountedMs: state.clock.nowMs(),
    cpuUsedNs: 0,
  });
  for (const pool of state.poolOptions) if (!pool.shared) state.pools.set(`${options.name}/${pool.name}`, emptyPool(pool));
}

/** The outlet of that name; one that nobody asked for yet is on, and feeds whoever names it. */
export function outletNamed(state: WorldState, name: string): OutletRecord {
  const known = state.outlets.get(name) ?? { on: true, reachable: true, refuses: false };
  state.outlets.set(name, known);
  return known;
}

/** Whether any of its supplies has mains. */
export function hasMains(state: WorldState, host: HostRecord): boolean {
  return host.options.outlets.length === 0 || host.options.outlets.some((name) => outletNamed(state, name).on);
}

/** The host of that name, its boot finished if the time for it has passed. */
export function hostNamed(state: WorldState, name: string): HostRecord {
  const host = state.hosts.get(name);
  if (!host) {
    const known = [...state.hosts.keys()].slice(0, 10).join(", ");
    throw new DriverError("unreachable", `There is no simulated host named ${name}; the world has ${known || "no hosts"}. Check the host's hypervisor address.`);
  }
  if (host.phase === "booting" && state.clock.nowMs() >= host.bootEndsMs) {
    host.phase = "up";
    host.accountedMs = state.clock.nowMs();
  }
  return host;
}

export function domainNamed(host: HostRecord, instanceId: string): DomainRecord {
  const domain = host.domains.get(instanceId);
  if (!domain) throw new DriverError("not-found", `${instanceId} is not defined on ${host.name}.`, { host: host.name });
  return domain;
}

/** Its QEMU is there and its vCPUs can be talked to. */
export function runningDomain(host: HostRecord, instanceId: string, purpose: string): DomainRecord {
  const domain = domainNamed(host, instanceId);
  if (domain.process === "none" || domain.process === "incoming") {
    throw new DriverError("invalid", `${purpose} needs ${instanceId} to run on ${host.name}, and it is ${domain.state}. Start it first.`, {
      host: host.name,
      state: domain.state,
    });
  }
  return domain;
}

/** A caller with an older epoch is told to stop; a newer one is taken over. */
export function checkEpoch(domain: DomainRecord, epoch: number, purpose: string, hostName: string): void {
  if (epoch >= domain.epoch) return;
  throw new DriverError(
    "stale-epoch",
    `${purpose} of ${domain.spec.instanceId} on ${hostName} was asked for with epoch ${epoch}, and the domain has epoch ${domain.epoch}: somebody newer decides about it now. Read the allocation again.`,
    { host: hostName, asked: epoch, present: domain.epoch },
  );
}

/** Events reach only those who can reach the host. */
export function emit(state: WorldState, host: HostRecord, event: DomainEvent): void {
  if (host.partitioned || host.hung || host.phase !== "up") return;
  for (const watcher of state.watchers.get(host.name) ?? []) watcher.onEvent(event);
}

export function announceReconnect(state: WorldState, host: HostRecord): void {
  for (const watcher of state.watchers.get(host.name) ?? []) watcher.onReconnect();
}

/** A pause that takes no timer when it is zero. */
export function pause(state: WorldState, ms: number): Promise<void> | null {
  if (ms <= 0) return null;
  return new Promise((resolve) => state.clock.schedule(ms, resolve));
}
