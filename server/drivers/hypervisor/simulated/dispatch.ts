import type { MigrationProgress } from "../types";
import { DriverError } from "../../errors";
import { account, dirtyRateNow, wattsNow } from "./accounting";
import { crashGuest, growDisk, later, rebootDomain, removeDomain, resizeDomain, resumeDomain, startDomain, stopDomain } from "./domains";
import { agentCommand } from "./guest/agent";
import { personaliseGuest } from "./guest/personality";
import { listGuestFiles, readGuestFile, writeGuestFile } from "./guest/files";
import { askToYield, readLease } from "./lease";
import { cutLink, hangHost, healHost, losePower, makeLie, mendLink, panicHost, partitionHost, rebootHost, sleepHost, slowHost, switchOn } from "./machine";
import { restoreDomain, saveDomain } from "./memory";
import { abortMigration, migrateDomain } from "./migration";
import { hostFacts, observeHost } from "./observe";
import type { CallName, HostCalls, LabCalls, PowerCalls, WorldCalls, WorldStatus } from "./port";
import { findDoubleRuns } from "./runs";
import { pauseProcess } from "./process";
import type { ScreenDesk } from "./screens";
import type { WorldState } from "./state";
import { hasMains, hostNamed, outletNamed, pause, runningDomain } from "./state";
import type { HostRecord } from "./types";
import { deleteVolume, ensureVolume, freeBytes, growVolume, observePool, observeVolume, poolOf } from "./volumes";

/** Everything that an effect may need besides the host it happens on. */
export interface Effects {
  readonly state: WorldState;
  readonly screens: ScreenDesk;
}

type Handler<K extends CallName> = (
  effects: Effects,
  host: HostRecord,
  input: WorldCalls[K]["input"],
  onProgress: (progress: MigrationProgress) => void,
) => WorldCalls[K]["output"] | Promise<WorldCalls[K]["output"]>;

export interface HostCallEntry<K extends keyof HostCalls> {
  readonly handle: Handler<K>;
  /** Default bound, milliseconds. */
  readonly timeoutMs: number;
}

const QUICK_MS = 5_000;
const SLOW_MS = 30_000;

export const hostCalls: { readonly [K in keyof HostCalls]: HostCallEntry<K> } = {
  ping: { timeoutMs: 3_000, handle: () => null },
  facts: { timeoutMs: QUICK_MS, handle: ({ state }, host) => hostFacts(state, host) },
  observe: { timeoutMs: QUICK_MS, handle: ({ state }, host) => observeHost(state, host) },
  listPools: {
    timeoutMs: QUICK_MS,
    handle: ({ state }, host) => state.poolOptions.map((pool) => observePool(poolOf(state, host, pool.name))),
  },
  listVolumes: {
    timeoutMs: QUICK_MS,
    handle: ({ state }, host, { pool }) => {
      const record = poolOf(state, host, pool);
      return [...record.volumes.values()].map((volume) => observeVolume(record, volume));
    },
  },
  ensureVolume: { timeoutMs: SLOW_MS, handle: ({ state }, host, spec) => ensureVolume(state, host, spec) },
  growVolume: {
    timeoutMs: SLOW_MS,
    handle: ({ state }, host, input) => {
      growVolume(state, host, input.pool, input.name, input.capacityMiB);
      return null;
    },
  },
  deleteVolume: { timeoutMs: SLOW_MS, handle: ({ state }, host, { pool, name }) => deleteVolume(state, host, pool, name) },
  startDomain: {
    timeoutMs: SLOW_MS,
    handle: ({ state }, host, spec) => startDomain(state, host, spec).then(() => null),
  },
  stopDomain: {
    timeoutMs: SLOW_MS,
    handle: ({ state }, host, { instanceId, mode }) => stopDomain(state, host, instanceId, mode).then(() => null),
  },
  rebootDomain: {
    timeoutMs: QUICK_MS,
    handle: ({ state }, host, { instanceId, mode }) => rebootDomain(state, host, instanceId, mode).then(() => null),
  },
  resumeDomain: { timeoutMs: QUICK_MS, handle: ({ state }, host, request) => done(resumeDomain(state, host, request)) },
  removeDomain: { timeoutMs: QUICK_MS, handle: ({ state }, host, { instanceId }) => removeDomain(state, host, instanceId) },
  resizeDomain: { timeoutMs: QUICK_MS, handle: ({ state }, host, request) => resizeDomain(host, state, request) },
  saveDomain: { timeoutMs: 600_000, handle: ({ state }, host, request) => saveDomain(state, host, request) },
  restoreDomain: { timeoutMs: 300_000, handle: ({ state }, host, { spec, from }) => restoreDomain(state, host, spec, from).then(() => null) },
  growDisk: {
    timeoutMs: SLOW_MS,
    handle: ({ state }, host, input) => {
      growDisk(state, host, input.instanceId, input.target, input.capacityMiB);
      return null;
    },
  },
  migrate: { timeoutMs: 300_000, handle: ({ state }, host, request, onProgress) => migrateDomain(state, host, request, onProgress) },
  abortMigration: {
    timeoutMs: QUICK_MS,
    handle: (_, host, { instanceId }) => {
      abortMigration(host, instanceId);
      return null;
    },
  },
  readLease: {
    timeoutMs: QUICK_MS,
    handle: ({ state }, host, { pool, hostUuid }) => {
      poolOf(state, host, pool);
      return readLease(state, hostUuid);
    },
  },
  askToYield: {
    timeoutMs: QUICK_MS,
    handle: ({ state }, host, { pool, hostUuid, request }) => {
      poolOf(state, host, pool);
      askToYield(state, hostUuid, request);
      return null;
    },
  },
  dirtyRate: {
    timeoutMs: SLOW_MS,
    handle: async ({ state }, host, { instanceId, seconds }) => {
      const domain = runningDomain(host, instanceId, "Measuring the dirty rate");
      await pause(state, seconds * 1000);
      return dirtyRateNow(state, domain);
    },
  },
  agentCommand: {
    timeoutMs: QUICK_MS,
    handle: ({ state }, host, { instanceId, command, args }) => agentCommand(state, host, instanceId, command, args),
  },
  screenEndpoint: { timeoutMs: QUICK_MS, handle: ({ screens }, host, { instanceId }) => screens.endpointOf(host, instanceId) },
  screenshot: { timeoutMs: QUICK_MS, handle: ({ screens }, host, { instanceId }) => screens.screenshotOf(host, instanceId) },
  personaliseGuest: { timeoutMs: QUICK_MS, handle: ({ state }, host, { instanceId, personality }) => personaliseGuest(state, host, instanceId, personality) },
  listGuestFiles: { timeoutMs: QUICK_MS, handle: ({ state }, host, { instanceId }) => listGuestFiles(state, host, instanceId) },
  readGuestFile: { timeoutMs: QUICK_MS, handle: ({ state }, host, { instanceId, ...part }) => readGuestFile(state, host, instanceId, part) },
  writeGuestFile: { timeoutMs: QUICK_MS, handle: ({ state }, host, { instanceId, base64, ...part }) => done(writeGuestFile(state, host, instanceId, { ...part, data: Buffer.from(base64, "base64") })) },
};

export const powerCalls: { readonly [K in keyof PowerCalls]: Handler<K> } = {
  powerStatus: (_, host) => (host.phase === "off" || host.bmc.liesOff ? "off" : "on"),
  powerReading: ({ state }, host) => wattsNow(state, host),
  powerOff: ({ state }, host) =>
    switchPower(state, host, state.timings.powerOffMs, () => {
      if (!host.bmc.liesOff && !host.bmc.ignoresOff) losePower(state, host.name, "switched");
    }),
  powerOn: ({ state }, host) => switchPower(state, host, state.timings.powerOnMs, () => switchOn(state, host.name)),
};

/** A switched outlet knows only itself: whether anything stands behind it, and what that does, it cannot tell. */
const outletCalls: { readonly [K in keyof PowerCalls]: (effects: Effects, outlet: string) => PowerCalls[K]["output"] | Promise<PowerCalls[K]["output"]> } = {
  powerStatus: ({ state }, name) => (outletNamed(state, name).on ? "on" : "off"),
  powerReading: () => 0,
  powerOff: async ({ state }, name) => {
    await pause(state, state.timings.powerOffMs);
    switchOutlet(state, name, false);
    return null;
  },
  powerOn: async ({ state }, name) => {
    await pause(state, state.timings.powerOnMs);
    switchOutlet(state, name, true);
    return null;
  },
};

/** Whoever has no mains any more dies at once; whoever gets them back is again what it was, as firmware set to "last state" has it. */
function switchOutlet(state: WorldState, name: string, on: boolean): void {
  outletNamed(state, name).on = on;
  for (const host of state.hosts.values()) {
    if (!host.options.outlets.includes(name)) continue;
    if (!hasMains(state, host)) {
      host.startsWithMains ||= host.phase !== "off";
      losePower(state, host.name, "switched");
    } else if (host.startsWithMains) {
      host.startsWithMains = false;
      switchOn(state, host.name);
    }
  }
}

async function switchPower(state: WorldState, host: HostRecord, afterMs: number, act: () => void): Promise<null> {
  if (host.bmc.answersEarly) {
    later(state, afterMs, act);
    return null;
  }
  await pause(state, afterMs);
  act();
  return null;
}

export const labCalls: { readonly [K in keyof LabCalls]: (effects: Effects, hostName: string, input: LabCalls[K]["input"]) => LabCalls[K]["output"] } = {
  crash: ({ state }, name) => done(losePower(state, name)),
  panic: ({ state }, name) => done(panicHost(state, name)),
  partition: ({ state }, name, input) => done(partitionHost(state, name, input)),
  link: ({ state }, name, { other, cut }) => done(cut ? cutLink(state, name, other) : mendLink(state, name, other)),
  hang: ({ state }, name) => done(hangHost(state, name)),
  slow: ({ state }, name, { slowMs }) => done(slowHost(state, name, slowMs)),
  lie: ({ state }, name, { kind }) => done(makeLie(state, name, kind)),
  heal: ({ state }, name) => done(healHost(state, name)),
  sleep: ({ state }, name) => done(sleepHost(state, name)),
  wake: ({ state }, name) => done(switchOn(state, name)),
  reboot: ({ state }, name) => done(rebootHost(state, name)),
  bmc: ({ state }, name, input) => done(Object.assign(hostNamed(state, name).bmc, input)),
  outlet: ({ state }, _host, { name, ...change }) => done(Object.assign(outletNamed(state, name), change)),
  crashGuest: ({ state }, name, { instanceId }) => done(crashGuest(state, name, instanceId)),
  pauseGuest: ({ state }, name, { instanceId, reason }) => {
    const host = hostNamed(state, name);
    return done(pauseProcess(state, host, runningDomain(host, instanceId, "A pause"), reason));
  },
  setProfile: ({ state }, _name, { instanceId, profile }) => {
    for (const host of state.hosts.values()) {
      const domain = host.domains.get(instanceId);
      if (!domain) continue;
      account(state, host);
      domain.profile = { ...domain.profile, ...profile };
    }
    return null;
  },
  fillPool: ({ state }, _name, input) => {
    const pool = state.pools.get(input.pool);
    if (!pool) throw new DriverError("not-found", `This world has no pool ${input.pool}.`);
    pool.foreignBytes = 0;
    if (input.freeBytes !== null) pool.foreignBytes = Math.max(1, freeBytes(pool) - input.freeBytes);
    return null;
  },
  status: ({ state }) => worldStatus(state),
  runs: ({ state }) => state.runs,
  power: ({ state }) => state.power,
  doubleRuns: ({ state }) => findDoubleRuns(state.runs),
  tornGuests: ({ state }) => state.tornGuests,
};

function done(_effect: unknown): null {
  return null;
}

function worldStatus(state: WorldState): WorldStatus {
  return {
    nowMs: state.clock.nowMs(),
    hosts: [...state.hosts.keys()].map((name) => {
      const host = hostNamed(state, name);
      return {
        name,
        phase: host.phase,
        asleep: host.asleep,
        partitioned: host.partitioned,
        hung: host.hung,
        domains: [...host.domains.values()].map((domain) => ({ instanceId: domain.spec.instanceId, process: domain.process, epoch: domain.epoch })),
      };
    }),
    volumes: [...state.pools.values()].flatMap((pool) => [...pool.volumes.values()].map((volume) => ({ pool: volume.pool, name: volume.name }))),
    locks: state.locks.size,
  };
}

/** A management controller is a small box of its own: it answers while the host is off, if it is reachable and has mains. */
export async function callPower<K extends keyof PowerCalls>(effects: Effects, name: K, hostName: string, input: PowerCalls[K]["input"], timeoutMs: number): Promise<PowerCalls[K]["output"]> {
  if (input.outlet !== undefined) return callOutlet(effects, name, input.outlet, timeoutMs);
  const host = hostNamed(effects.state, hostName);
  const handler: Handler<K> = powerCalls[name];
  const { bmc } = host;
  if (!bmc.reachable || !hasMains(effects.state, host) || bmc.slowMs > timeoutMs) {
    await new Promise<void>((resolve) => later(effects.state, timeoutMs, resolve));
    throw new DriverError("timeout", `The management controller of ${hostName} did not answer within ${timeoutMs} ms; the power state is unknown.`, { host: hostName, call: name });
  }
  await pause(effects.state, bmc.slowMs);
  return handler(effects, host, input, () => undefined);
}

async function callOutlet<K extends keyof PowerCalls>(effects: Effects, name: K, outlet: string, timeoutMs: number): Promise<PowerCalls[K]["output"]> {
  if (!outletNamed(effects.state, outlet).reachable) {
    await new Promise<void>((resolve) => later(effects.state, timeoutMs, resolve));
    throw new DriverError("timeout", `The outlet ${outlet} did not answer within ${timeoutMs} ms; whether it is on is unknown.`, { outlet, call: name });
  }
  if (outletNamed(effects.state, outlet).refuses && name !== "powerStatus") throw new DriverError("refused", `The outlet ${outlet} takes no orders from this account.`, { outlet, call: name });
  return outletCalls[name](effects, outlet);
}
