import { DriverError } from "@/server/drivers/errors";
import type { HostFacts, HypervisorHost, PoolObservation } from "@/server/drivers/hypervisor/types";
import type { HostPowerConfig } from "@/server/drivers/power/types";
import type { ClusterRow, EnrolledFacts, Finding, Fleet, HostRow, PoolSeen } from "@/server/fleet";
import { sentence, sentences, type Sentence } from "@/server/platform/sentences";
import { secondFinding } from "../fence/keep-second";
import { poolsSeen } from "../observe/storage";
import type { Pass } from "../types";

const CALL_TIMEOUT_MS = 10_000;
/** More than this and the host's own logs and certificates become useless as evidence. */
const MAX_SKEW_MS = 60_000;
const PROBE_MIB = 1;

export interface Preflight {
  readonly findings: readonly Finding[];
  readonly facts: EnrolledFacts | null;
  /** How large the shared pools are, as this host sees them: known from the moment it joins. */
  readonly pools: readonly PoolSeen[];
}

/** Looks at a host from every side that matters before it may hold instances. Every finding says what to do. */
export async function preflight(pass: Pass, fleet: Fleet, row: HostRow, power: Record<string, unknown> | null): Promise<Preflight> {
  const cluster = fleet.clusters.get(row.clusterId);
  if (!cluster) throw new Error(`Host ${row.id} belongs to the cluster ${row.clusterId}, which does not exist.`);
  const findings: Finding[] = [await checkPower(pass, row, power)];
  let host: HypervisorHost;
  let facts: HostFacts;
  try {
    host = pass.machines.host(row);
    facts = await host.facts();
  } catch (error) {
    return { findings: [notReached(row, error), ...findings], facts: null, pools: [] };
  }
  findings.unshift(finding("reachable", true, sentence("found-answers", { address: row.uri, name: facts.hostname, version: facts.hypervisorVersion, accelerator: facts.accelerator })));
  const pools = await host.listPools({ timeoutMs: CALL_TIMEOUT_MS });
  findings.push(checkCpu(cluster, facts), checkSize(row, facts), await checkClock(pass, host), ...(await checkStorage(pass, fleet, row, host, pools)), await checkLease(fleet, row, host, facts, pools));
  const known = fleet.pools.filter((pool) => pool.clusterId === row.clusterId);
  return {
    pools: poolsSeen(known, pools, pass.context.clock.now()), findings, facts: { hostUuid: facts.hostUuid, hypervisorVersion: facts.hypervisorVersion, usableCpuModels: facts.usableCpuModels, cores: facts.cores, memoryMiB: facts.memoryMiB },
  };
}

function finding(check: Finding["check"], ok: boolean, { text, words }: Sentence): Finding {
  return { check, ok, text, words };
}

function notReached(row: HostRow, error: unknown): Finding {
  if (!(error instanceof DriverError)) throw error;
  if (error.code === "refused") {
    return finding("certificate", false, sentence("found-not-trusted", { address: row.uri, error: error.message }));
  }
  return finding("reachable", false, sentence("found-silent", { address: row.uri, error: error.message }));
}

function checkCpu(cluster: ClusterRow, facts: HostFacts): Finding {
  const ok = facts.usableCpuModels.includes(cluster.cpuModel);
  return finding("cpu-model", ok, ok ? sentence("found-cpu", { model: cluster.cpuModel }) : sentence("found-cpu-too-old", { model: cluster.cpuModel, offered: facts.usableCpuModels }));
}

function checkSize(row: HostRow, facts: HostFacts): Finding {
  const left = facts.memoryMiB - row.systemMemoryMiB;
  const ok = facts.cores > 0 && left > 0;
  return finding("capacity", ok, ok ? sentence("found-room", { cores: facts.cores, leftMiB: left }) : sentence("found-no-room", { keptMiB: row.systemMemoryMiB, totalMiB: facts.memoryMiB }));
}

async function checkClock(pass: Pass, host: HypervisorHost): Promise<Finding> {
  const askedMs = pass.context.clock.nowMs();
  const { hostTimeMs } = await host.observe({ timeoutMs: CALL_TIMEOUT_MS });
  if (hostTimeMs === null) return finding("clock", true, sentence("found-no-clock"));
  const skewMs = Math.round(hostTimeMs - (askedMs + pass.context.clock.nowMs()) / 2);
  const ok = Math.abs(skewMs) <= MAX_SKEW_MS;
  return finding("clock", ok, ok ? sentence("found-clock", { skew: skewMs }) : sentence("found-clock-wrong", { seconds: Math.abs(Math.round(skewMs / 1_000)) }));
}

async function checkPower(pass: Pass, row: HostRow, config: Record<string, unknown> | null): Promise<Finding> {
  if (!config) return finding("fencing", false, sentence("found-no-fencing"));
  try {
    const stored = asPowerConfig(config);
    const second = stored.second ? await secondFinding(pass, stored.second, true) : null;
    if (second && !second.ok) return finding("fencing", false, second.said);
    const { first: device, canFence } = pass.machines.hostPower(stored, pass.context.clock);
    if (!canFence) return finding("fencing", false, sentence("found-wake-only", { device: device.kind }));
    const status = await device.status({ timeoutMs: CALL_TIMEOUT_MS });
    const ok = status === "on";
    if (ok && second) return finding("fencing", true, sentences(sentence("found-fencing", { device: device.kind }), second.said));
    return finding("fencing", ok, ok ? sentence("found-fencing", { device: device.kind }) : sentence("found-fencing-wrong", { device: device.kind, status }));
  } catch (error) {
    if (!(error instanceof DriverError)) throw error;
    return finding("fencing", false, sentence("found-fencing-broken", { host: row.name, error: error.message }));
  }
}

/** The shapes are checked where they are stored; the worker trusts its own table. */
export function asPowerConfig(config: Record<string, unknown>): HostPowerConfig {
  return config as HostPowerConfig;
}

async function checkStorage(pass: Pass, fleet: Fleet, row: HostRow, host: HypervisorHost, pools: readonly PoolObservation[]): Promise<Finding[]> {
  const wanted = fleet.pools.filter((pool) => pool.clusterId === row.clusterId);
  const seen = new Map(pools.map((pool) => [pool.name, pool]));
  const findings: Finding[] = [];
  for (const pool of wanted) {
    const here = seen.get(pool.name);
    if (!here) findings.push(finding("storage", false, sentence("found-no-pool", { pool: pool.name, present: [...seen.keys()] })));
    else if (here.path !== pool.path) findings.push(finding("storage", false, sentence("found-other-path", { pool: pool.name, here: here.path, there: pool.path })));
    else findings.push(await checkShared(pass, fleet, row, host, pool.name));
  }
  return findings;
}

/**
 * Two walls stand against a second writer: the storage's own locks, and the host that ends its machines when it can not renew its lease. Where the
 * storage gives the locks of a silent host away first, both are down until the host follows.
 */
async function checkLease(fleet: Fleet, row: HostRow, host: HypervisorHost, facts: HostFacts, pools: readonly PoolObservation[]): Promise<Finding> {
  const known = new Set(pools.map((pool) => pool.name));
  const pool = fleet.pools.find((one) => one.clusterId === row.clusterId && known.has(one.name));
  try {
    const lease = facts.keepsLeases && pool ? await host.readLease(pool.name, facts.hostUuid, { timeoutMs: CALL_TIMEOUT_MS }) : null;
    if (!lease) return finding("lease", true, sentence("found-no-lease"));
    const { ttlSeconds, storageSeconds } = lease;
    if (storageSeconds === null) return finding("lease", true, sentence("found-lease-alone", { ttlSeconds }));
    return storageSeconds > ttlSeconds ? finding("lease", true, sentence("found-lease", { ttlSeconds, storageSeconds })) : finding("lease", false, sentence("found-lease-long", { ttlSeconds, storageSeconds }));
  } catch (error) {
    if (!(error instanceof DriverError)) throw error;
    return finding("lease", false, sentence("found-lease-unread", { error: error.message }));
  }
}

/** A file written here must be seen by another host: only that proves that the storage is one and the same. */
async function checkShared(pass: Pass, fleet: Fleet, row: HostRow, host: HypervisorHost, pool: string): Promise<Finding> {
  const other = [...fleet.hosts.values()].find((candidate) => candidate.clusterId === row.clusterId && candidate.state === "up" && candidate.id !== row.id);
  const name = `preflight-${row.id}.raw`;
  try {
    // Even then the file is removed: a worker may have died between writing it and removing it, while another host was up.
    if (!other) return finding("shared-storage", true, sentence("found-pool-alone", { pool }));
    await host.ensureVolume({ pool, name, format: "raw", capacityMiB: PROBE_MIB, backing: null });
    const there = await pass.machines.host(other).listVolumes(pool, { timeoutMs: CALL_TIMEOUT_MS });
    const ok = there.some((volume) => volume.name === name);
    return finding("shared-storage", ok, sentence(ok ? "found-shared" : "found-not-shared", { other: other.name, pool }));
  } catch (error) {
    if (!(error instanceof DriverError)) throw error;
    return finding("shared-storage", false, sentence("found-not-tried", { pool, error: error.message }));
  } finally {
    await host.deleteVolume(pool, name).catch((error: unknown) => pass.context.logger.warn({ host: row.name, pool, name, err: error }, "a preflight's probe could not be removed"));
  }
}
