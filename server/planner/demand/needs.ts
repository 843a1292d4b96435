import type { ClusterSnapshot, DemandHistory, Host } from "../types";
import { peakBetween, seasonalProfile, type SeasonalProfile } from "./seasonal";

/** Demand beyond this part of the cores means waiting: short peaks need the rest. */
const COMFORTABLE = 0.8;
/** Spreads above the habit that capacity is held for: about one slot in forty is higher. */
const SIGMAS = 2;
/** Loops look every few minutes, and a wake-up is not exact. */
const LEAD_SECONDS = 300;
export const DEFAULT_WAKE_SECONDS = 120;
/** Shutting a host down takes about this long; it is not counted as anybody's downtime. */
export const POWER_OFF_SECONDS = 30;
/** A shorter sleep costs more in shutting down and starting up than it saves. */
const DEFAULT_MIN_ASLEEP_SECONDS = 1800;

/** What a cluster needs at its expected peak. */
export interface Need {
  cpuMillicores: number;
  memoryMiB: number;
  vcpus: number;
  /** When the CPU peak is expected. */
  atSeconds: number;
}

/** The need of any stretch of time. */
export type NeedCurve = (fromSeconds: number, toSeconds: number) => Need;

export interface Shortage {
  dimension: "cpu" | "memory" | "vcpus";
  atSeconds: number;
  needed: number;
  available: number;
  text: string;
}

/** The wake time that counts for a host, with the lead that the loops need. */
export function wakeLeadSeconds(host: Host): number {
  return (host.wakeSeconds ?? DEFAULT_WAKE_SECONDS) + LEAD_SECONDS;
}

/** A host that goes to sleep now is back, at the earliest, after so long: what is expected before then must fit without it. */
export function sleepHorizonSeconds(snapshot: ClusterSnapshot): number {
  const slowest = snapshot.hosts.reduce((most, host) => Math.max(most, wakeLeadSeconds(host)), 0);
  return POWER_OFF_SECONDS + minAsleepSeconds(snapshot) + slowest;
}

export function minAsleepSeconds(snapshot: ClusterSnapshot): number {
  return snapshot.policy.minAsleepSeconds ?? DEFAULT_MIN_ASLEEP_SECONDS;
}

/**
 * The expected need in [from, to]: the habit of the cluster by hour of day and week, two spreads above it, and never less than what is booked now.
 * Without a history nothing is said about CPU: then the ratio and, where it is set, the risk of contention say how full a host may be.
 */
export function needCurve(snapshot: ClusterSnapshot): NeedCurve {
  let memoryMiB = 0;
  let vcpus = 0;
  for (const one of snapshot.instances) {
    if (one.hostId === null) continue;
    memoryMiB += Number.isFinite(one.memoryMiB) ? one.memoryMiB : 0;
    vcpus += Number.isFinite(one.vcpus) ? one.vcpus : 0;
  }
  const history = snapshot.history ?? sumOfHistories(snapshot);
  if (history === null) return (fromSeconds) => ({ cpuMillicores: 0, memoryMiB, vcpus, atSeconds: fromSeconds });
  const profileOf = (values: number[] | undefined): SeasonalProfile | null => (values === undefined ? null : seasonalProfile({ ...history, cpuMillicores: values }));
  const cpu = seasonalProfile(history);
  const memory = profileOf(snapshot.history?.memoryMiB);
  const sold = profileOf(snapshot.history?.vcpus);
  return (fromSeconds, toSeconds) => {
    const peak = (profile: SeasonalProfile | null): { value: number; atSeconds: number } =>
      profile === null ? { value: 0, atSeconds: fromSeconds } : peakBetween(profile, fromSeconds, toSeconds, SIGMAS);
    const cpuPeak = peak(cpu);
    const memoryPeak = peak(memory);
    // The moment that is named is the one of the figure that grows.
    const atSeconds = memoryPeak.value > memoryMiB ? memoryPeak.atSeconds : cpuPeak.atSeconds;
    return { cpuMillicores: cpuPeak.value, memoryMiB: Math.max(memoryMiB, memoryPeak.value), vcpus: Math.max(vcpus, peak(sold).value), atSeconds };
  };
}

/** The same for one stretch of time. */
export function forecastNeed(snapshot: ClusterSnapshot, fromSeconds: number, toSeconds: number): Need {
  return needCurve(snapshot)(fromSeconds, toSeconds);
}

/** Histories of instances added up where they overlap in time; null if none has one. */
function sumOfHistories(snapshot: ClusterSnapshot): DemandHistory | null {
  const histories = snapshot.instances.flatMap((one) => (one.wanted === "on" && one.history !== undefined && one.history.cpuMillicores.length > 0 ? [one.history] : []));
  const [first] = histories;
  if (first === undefined) return null;
  const { stepSeconds } = first;
  const endSeconds = histories.reduce((most, one) => Math.max(most, one.endSeconds), 0);
  const same = histories.filter((one) => one.stepSeconds === stepSeconds);
  const length = same.reduce((most, one) => Math.max(most, one.cpuMillicores.length), 0);
  const sums = Array.from({ length }, () => 0);
  for (const one of same) {
    const lag = Math.round((endSeconds - one.endSeconds) / stepSeconds);
    const { length: count } = one.cpuMillicores;
    one.cpuMillicores.forEach((value, index) => {
      const slot = length - lag - count + index;
      if (slot >= 0 && Number.isFinite(value)) sums[slot] = (sums[slot] ?? 0) + value;
    });
  }
  return { stepSeconds, endSeconds, cpuMillicores: sums };
}

/** What hosts carry together: cores and memory for instances. Hosts in maintenance carry nothing. */
export interface Capacity {
  cores: number;
  memoryMiB: number;
}

/** Adds a host to a capacity, or takes it away. */
export function addCapacity(capacity: Capacity, host: Host, sign: 1 | -1): void {
  if (host.maintenance) return;
  capacity.cores += sign * host.cpuCores;
  capacity.memoryMiB += sign * (host.memoryMiB - host.systemMemoryMiB);
}

/** Does a need exceed what is carried comfortably? Null: it fits. */
export function shortageOf(snapshot: ClusterSnapshot, capacity: Capacity, need: Need): Shortage | null {
  const { policy } = snapshot;
  const lacks = (dimension: Shortage["dimension"], needed: number, available: number, unit: string): Shortage | null => {
    if (needed <= available + 1e-6) return null;
    const inSeconds = Math.max(0, Math.round(need.atSeconds - snapshot.takenAtSeconds));
    const text = `${Math.ceil(needed)} ${unit} are expected in ${inSeconds} s, the hosts that are awake carry ${Math.floor(available)}`;
    return { dimension, atSeconds: need.atSeconds, needed, available, text };
  };
  return (
    lacks("cpu", need.cpuMillicores / 1000, capacity.cores * COMFORTABLE, "cores") ??
    lacks("memory", need.memoryMiB, capacity.memoryMiB * policy.memoryRatio, "MiB") ??
    lacks("vcpus", need.vcpus, capacity.cores * policy.cpuRatio, "vCPUs")
  );
}

/** Does the expected need of [from, to] exceed what these hosts carry comfortably? Null: it fits. */
export function findShortage(snapshot: ClusterSnapshot, hosts: readonly Host[], fromSeconds: number, toSeconds: number): Shortage | null {
  const capacity: Capacity = { cores: 0, memoryMiB: 0 };
  for (const host of hosts) addCapacity(capacity, host, 1);
  return shortageOf(snapshot, capacity, forecastNeed(snapshot, fromSeconds, toSeconds));
}
