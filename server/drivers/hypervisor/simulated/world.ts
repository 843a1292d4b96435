import { DriverError } from "../../errors";
import type { DomainEvent, DomainReason } from "../types";
import type { SimulatedClock } from "./clock";
import type { Effects, HostCallEntry } from "./dispatch";
import { callPower, hostCalls, labCalls, powerCalls } from "./dispatch";
import { openSerialPort } from "./guest/serial";
import type { CallName, HostCalls, LabCalls, PortOptions, PowerCalls, WorldCalls, WorldPort, WorldStatus } from "./port";
import { findDoubleRuns } from "./runs";
import { skipTime, watchOverContact } from "./machine";
import { ScreenDesk } from "./screens";
import type { FaultKind, Watcher, WorldState } from "./state";
import { addHost, createState, outletNamed } from "./state";
import { deliver } from "./transport";
import { defaultHost } from "./defaults";
import type { DoubleRun, FaultChances, GuestProfile, HostOptions, LieKind, PowerRecord, RunRecord, TornGuest, WorldOptions } from "./types";
import { uploadVolume } from "./volumes";

const POWER_TIMEOUT_MS = 10_000;
const UPLOAD_TIMEOUT_MS = 600_000;

/** A simulated data centre in this process. Its verbs are what fate does to it; `port` is what callers can do. */
export interface World {
  readonly port: WorldPort;
  readonly clock: SimulatedClock;
  /** Power loss: all dies at once; the management controller says `off`. */
  crash(host: string): void;
  /** Dead but powered: the management controller says `on`. */
  panic(host: string): void;
  partition(host: string, options?: { readonly storage: boolean }): void;
  /** The link between two hosts alone; everybody else reaches both. */
  cutLink(one: string, other: string): void;
  mendLink(one: string, other: string): void;
  hang(host: string): void;
  slow(host: string, slowMs: number): void;
  lie(host: string, kind: LieKind | null): void;
  heal(host: string): void;
  sleep(host: string): void;
  wake(host: string): void;
  /** Its guests end; it comes back by itself, and its controller never says `off`. */
  reboot(host: string): void;
  bmc(host: string, change: LabCalls["bmc"]["input"]): void;
  /** What goes wrong with a switched outlet. */
  outlet(name: string, change: { readonly reachable?: boolean; readonly refuses?: boolean }): void;
  /** Ground truth: whether an outlet really gives power. */
  outletIsOn(name: string): boolean;
  crashGuest(host: string, instanceId: string): void;
  pauseGuest(host: string, instanceId: string, reason: DomainReason): void;
  setProfile(instanceId: string, profile: Partial<GuestProfile>): void;
  /** Somebody else fills the shared pool up to `freeBytes`; null takes it all away again. */
  fillPool(pool: string, freeBytes: number | null): void;
  /** The next such call on that host meets this fault. */
  arm(host: string, call: keyof HostCalls, kind: FaultKind): void;
  setFaults(faults: Partial<FaultChances>): void;
  addHost(options: Partial<HostOptions> & { readonly name: string }): void;
  status(): WorldStatus;
  /** Ground truth: where each guest really executed, and when. */
  runs(): readonly RunRecord[];
  /** Ground truth: every change of a host's power. */
  power(): readonly PowerRecord[];
  /** Must be empty, always. */
  doubleRuns(): readonly DoubleRun[];
  /** Guests whose memory was put over disks that had moved on. */
  tornGuests(): readonly TornGuest[];
  /** A stretch passes in which nothing happens at all: no watchdog counts it, no guest computes in it. */
  skip(ms: number): void;
  close(): void;
}

export function createWorld(options: WorldOptions = {}): World {
  const state = createState(options);
  for (const host of state.hosts.values()) watchOverContact(state, host);
  const screens = new ScreenDesk(state);
  const effects: Effects = { state, screens };
  const lab = <K extends keyof LabCalls>(name: K, host: string, input: LabCalls[K]["input"]): LabCalls[K]["output"] => callLab(effects, name, host, input);
  return {
    port: new LocalPort(effects),
    clock: state.clock,
    crash: (host) => void lab("crash", host, {}),
    panic: (host) => void lab("panic", host, {}),
    partition: (host, how = { storage: true }) => void lab("partition", host, how),
    cutLink: (one, other) => void lab("link", one, { other, cut: true }),
    mendLink: (one, other) => void lab("link", one, { other, cut: false }),
    hang: (host) => void lab("hang", host, {}),
    slow: (host, slowMs) => void lab("slow", host, { slowMs }),
    lie: (host, kind) => void lab("lie", host, { kind }),
    heal: (host) => void lab("heal", host, {}),
    sleep: (host) => void lab("sleep", host, {}),
    wake: (host) => void lab("wake", host, {}),
    reboot: (host) => void lab("reboot", host, {}),
    bmc: (host, change) => void lab("bmc", host, change),
    outlet: (name, change) => void lab("outlet", "", { name, ...change }),
    outletIsOn: (name) => outletNamed(state, name).on,
    crashGuest: (host, instanceId) => void lab("crashGuest", host, { instanceId }),
    pauseGuest: (host, instanceId, reason) => void lab("pauseGuest", host, { instanceId, reason }),
    setProfile: (instanceId, profile) => void lab("setProfile", "", { instanceId, profile }),
    fillPool: (pool, freeBytes) => void lab("fillPool", "", { pool, freeBytes }),
    arm: (host, call, kind) => void state.armed.push({ host, call, kind }),
    setFaults: (faults) => void Object.assign(state.faults, faults),
    addHost: (host) => addHost(state, { ...defaultHost, ...options.hostDefaults, ...host }),
    status: () => lab("status", "", {}),
    runs: () => state.runs,
    power: () => state.power,
    doubleRuns: () => findDoubleRuns(state.runs),
    tornGuests: () => state.tornGuests,
    skip: (ms) => {
      for (const host of state.hosts.values()) skipTime(host, ms);
    },
    close: () => screens.close(),
  };
}

function callLab<K extends keyof LabCalls>(effects: Effects, name: K, host: string, input: LabCalls[K]["input"]): LabCalls[K]["output"] {
  return labCalls[name](effects, host, input);
}

/** The port of a world that lives in this process. */
class LocalPort implements WorldPort {
  private readonly state: WorldState;

  constructor(private readonly effects: Effects) {
    this.state = effects.state;
  }

  async call<K extends CallName>(name: K, hostName: string, input: WorldCalls[K]["input"], options: PortOptions = {}): Promise<WorldCalls[K]["output"]> {
    // The table that knows the name fixes the input's type; the compiler cannot follow that through a type parameter.
    if (isKey(hostCalls, name)) return this.callHost(name, hostName, input as HostCalls[typeof name]["input"], options);
    if (isKey(powerCalls, name)) return callPower(this.effects, name, hostName, input as PowerCalls[typeof name]["input"], options.timeoutMs ?? POWER_TIMEOUT_MS);
    if (isKey(labCalls, name)) return callLab(this.effects, name, hostName, input as LabCalls[typeof name]["input"]);
    throw new DriverError("invalid", `A simulated world has no call "${name}".`);
  }

  private callHost<K extends keyof HostCalls>(name: K, hostName: string, input: HostCalls[K]["input"], options: PortOptions): Promise<HostCalls[K]["output"]> {
    const entry: HostCallEntry<K> = hostCalls[name];
    const bounds = { timeoutMs: options.timeoutMs ?? entry.timeoutMs, signal: options.signal };
    return deliver(this.state, hostName, name, bounds, (host) => entry.handle(this.effects, host, input, options.onProgress ?? (() => undefined)));
  }

  uploadVolume: WorldPort["uploadVolume"] = async (hostName, pool, name, content, sizeBytes, options = {}) => {
    const bounds = { timeoutMs: options.timeoutMs ?? UPLOAD_TIMEOUT_MS, signal: options.signal };
    return deliver(this.state, hostName, "uploadVolume", bounds, (host) => uploadVolume(this.state, host, pool, name, content, sizeBytes));
  };

  openSerial: WorldPort["openSerial"] = async (hostName, instanceId, options = {}) => {
    const bounds = { timeoutMs: options.timeoutMs ?? 5_000, signal: options.signal };
    return deliver(this.state, hostName, "openSerial", bounds, (host) => openSerialPort(this.state, host, instanceId));
  };

  watch(hostName: string, onEvent: (event: DomainEvent) => void, onReconnect: () => void): () => void {
    const watcher: Watcher = { onEvent, onReconnect };
    const watchers = this.state.watchers.get(hostName) ?? new Set();
    this.state.watchers.set(hostName, watchers.add(watcher));
    return () => void watchers.delete(watcher);
  }

  async close(): Promise<void> {
    this.effects.screens.close();
  }
}

function isKey<T extends object>(table: T, name: PropertyKey): name is keyof T {
  return Object.hasOwn(table, name);
}
