import type { FaultChances, GuestProfile, HostOptions, PoolOptions, Timings } from "./types";
import { seededChance, seedOf } from "./chance";

/** Orders of magnitude of libvirt 9 and QEMU 7.2 with a small guest under software emulation. */
export const defaultTimings: Timings = {
  callMs: 0,
  startMs: 360,
  destroyMs: 120,
  guestBootMs: 2500,
  guestShutdownMs: 1200,
  hostBootMs: 4000,
  hostWakeMs: 1500,
  powerOnMs: 460,
  powerOffMs: 190,
  unreachableMs: 3000,
  lostMs: 30_000,
  migrationSwitchMs: 120,
  migrationSetupMs: 300,
  storageLeaseMs: 90_000,
  selfFenceMs: 0,
  leaseTtlMs: 0,
};

/** Everything at once: for tests of deciding, where durations would only be noise. */
export const instantTimings: Timings = {
  callMs: 0,
  startMs: 0,
  destroyMs: 0,
  guestBootMs: 0,
  guestShutdownMs: 0,
  hostBootMs: 0,
  hostWakeMs: 0,
  powerOnMs: 0,
  powerOffMs: 0,
  unreachableMs: 0,
  lostMs: 30_000,
  migrationSwitchMs: 0,
  migrationSetupMs: 0,
  storageLeaseMs: 90_000,
  selfFenceMs: 0,
  leaseTtlMs: 0,
};

export const defaultFaults: FaultChances = {
  lostRequest: 0,
  lostReply: 0,
  lateEffect: 0,
  slow: 0,
  slowMs: 800,
  migrationAbort: 0,
  ignoresShutdown: 0,
};

export const defaultPools: readonly PoolOptions[] = [
  { name: "shared", path: "/srv/berth/shared", capacityGiB: 10_240, shared: true },
];

export const defaultHost: Omit<HostOptions, "name"> = {
  cores: 16,
  memoryMiB: 65_536,
  cpuModel: "x86-64-v2-AES",
  usableCpuModels: ["qemu64", "kvm64", "x86-64-v1", "x86-64-v2", "x86-64-v2-AES"],
  migrationMiBs: 1000,
  idleWatts: 120,
  fullWatts: 380,
  clockSkewMs: 0,
  state: "up",
  outlets: [],
};

/** Behaviour drawn from the seed and the instance's name alone, so that it does not depend on what else runs. */
export function seededProfile(instanceId: string, seed: number, ignoresShutdown: number): GuestProfile {
  const chance = seededChance(seedOf(instanceId, seed));
  const base = 0.02 + chance.next() * 0.18;
  const daily = chance.next() * 0.4;
  const burst = chance.next() < 0.3 ? chance.next() * 0.35 : 0;
  return {
    baseFraction: base,
    dailyFraction: daily,
    dailyPhase: chance.next(),
    burstFraction: burst,
    burstPeriodMs: 600_000 + Math.floor(chance.next() * 3_000_000),
    burstDuty: 0.05 + chance.next() * 0.25,
    burstPhase: chance.next(),
    dirtyMiBs: 8 + chance.next() * 72,
    workingSetFraction: 0.05 + chance.next() * 0.3,
    touchedFraction: 0.3 + chance.next() * 0.5,
    ignoresShutdown: chance.next() < ignoresShutdown,
    diskWriteBytesPerCpuSecond: 200_000 + Math.floor(chance.next() * 2_000_000),
    netBytesPerCpuSecond: 100_000 + Math.floor(chance.next() * 4_000_000),
  };
}
