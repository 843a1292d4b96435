import type { ClusterSnapshot, DemandHistory, Host } from "../types";
import { peakBetween, seasonalProfile } from "./seasonal";

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
export function forecastNeed(snapshot: ClusterSnapshot, fromSeconds: number, toSeconds: number): Need {
  const placed = snapshot.instances.filter((one) => one.hostId !== null);
  const need: Need = { cpuMillicores: 0, memoryMiB: 0, vcpus: 0, atSeconds: fromSeconds };
  for (const one of placed) {
    need.memoryMiB += Number.isFinite(one.memoryMiB) ? one.memoryMiB : 0;
    need.vcpus += Number.isFinite(one.vcpus) ? one.vcpus : 0;
  }
  const history = snapshot.history ?? sumOfHistories(snapshot);
  if (history === null) return need;
  const peak = (values: number[]): { value: number; atSeconds: number } =>
    peakBetween(seasonalProfile({ ...history, cpuMillicores: values }), fromSeconds, toSeconds, SIGMAS);
  const cpu = peak(history.cpuMillicores);
  if (cpu.value > need.cpuMillicores) {
    need.cpuMillicores = cpu.value;
    need.atSeconds = cpu.atSeconds;
  }
  if (snapshot.history?.memoryMiB !== undefined) need.memoryMiB = Math.max(need.memoryMiB, peak(snapshot.history.memoryMiB).value);
  if (snapshot.history?.vcpus !== undefined) need.vcpus = Math.max(need.vcpus, peak(snapshot.history.vcpus).value);
  return need;
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
  const sums = new Array<number>(length).fill(0);
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

/** Does the expected need of [from, to] exceed what these hosts carry comfortably? Null: it fits. */
export function findShortage(snapshot: ClusterSnapshot, hosts: readonly Host[], fromSeconds: number, toSeconds: number, need = forecastNeed(snapshot, fromSeconds, toSeconds)): Shortage | null {
  const { policy } = snapshot;
  const serving = hosts.filter((host) => !host.maintenance);
  const cores = serving.reduce((sum, host) => sum + host.cpuCores, 0);
  const memory = serving.reduce((sum, host) => sum + host.memoryMiB - host.systemMemoryMiB, 0);
  const rows: [Shortage["dimension"], number, number, string][] = [
    ["cpu", need.cpuMillicores / 1000, cores * COMFORTABLE, "cores"],
    ["memory", need.memoryMiB, memory * policy.memoryRatio, "MiB"],
    ["vcpus", need.vcpus, cores * policy.cpuRatio, "vCPUs"],
  ];
  const inSeconds = Math.max(0, Math.round(need.atSeconds - snapshot.takenAtSeconds));
  for (const [dimension, needed, available, unit] of rows) {
    if (needed <= available + 1e-6) continue;
    const text = `${Math.ceil(needed)} ${unit} are expected in ${inSeconds} s, the hosts that are awake carry ${Math.floor(available)}`;
    return { dimension, atSeconds: need.atSeconds, needed, available, text };
  }
  return null;
}
