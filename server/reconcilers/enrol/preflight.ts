import { DriverError } from "@/server/drivers/errors";
import type { HostFacts, HypervisorHost, PoolObservation } from "@/server/drivers/hypervisor/types";
import type { PowerConfig } from "@/server/drivers/power/types";
import type { ClusterRow, EnrolledFacts, Finding, Fleet, HostRow, PoolSeen } from "@/server/fleet";
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
  findings.unshift({ check: "reachable", ok: true, text: `It answers at ${row.uri} as ${facts.hostname} (${facts.hypervisorVersion}, ${facts.accelerator}).` });
  const pools = await host.listPools({ timeoutMs: CALL_TIMEOUT_MS });
  findings.push(checkCpu(cluster, facts), checkSize(row, facts), await checkClock(pass, host), ...(await checkStorage(pass, fleet, row, host, pools)));
  const known = fleet.pools.filter((pool) => pool.clusterId === row.clusterId);
  return {
    pools: poolsSeen(known, pools, pass.context.clock.now()), findings, facts: { hostUuid: facts.hostUuid, hypervisorVersion: facts.hypervisorVersion, usableCpuModels: facts.usableCpuModels, cores: facts.cores, memoryMiB: facts.memoryMiB },
  };
}

function notReached(row: HostRow, error: unknown): Finding {
  if (!(error instanceof DriverError)) throw error;
  if (error.code === "refused") {
    return { check: "certificate", ok: false, text: `${row.uri} answers, but one side does not accept the other's certificate or credentials: ${error.message} Give both certificates of the same authority and check the host name in it.` };
  }
  return { check: "reachable", ok: false, text: `${row.uri} does not answer: ${error.message} Check the address, the firewall, and that the hypervisor's daemon listens there.` };
}

function checkCpu(cluster: ClusterRow, facts: HostFacts): Finding {
  const ok = facts.usableCpuModels.includes(cluster.cpuModel);
  const text = ok ? `It can give guests the cluster's CPU model ${cluster.cpuModel}.` : `Its CPU is too old for this cluster: guests need ${cluster.cpuModel}, it offers ${facts.usableCpuModels.join(", ") || "none"}. Put it into a cluster with an older model, or replace it.`;
  return { check: "cpu-model", ok, text };
}

function checkSize(row: HostRow, facts: HostFacts): Finding {
  const left = facts.memoryMiB - row.systemMemoryMiB;
  const ok = facts.cores > 0 && left > 0;
  return { check: "capacity", ok, text: ok ? `${facts.cores} cores and ${left} MiB are there for instances.` : `${row.systemMemoryMiB} MiB are kept for the host itself and it has ${facts.memoryMiB} MiB in all. Keep less.` };
}

async function checkClock(pass: Pass, host: HypervisorHost): Promise<Finding> {
  const askedMs = pass.context.clock.nowMs();
  const { hostTimeMs } = await host.observe({ timeoutMs: CALL_TIMEOUT_MS });
  if (hostTimeMs === null) return { check: "clock", ok: true, text: "It does not tell its time." };
  const skewMs = Math.round(hostTimeMs - (askedMs + pass.context.clock.nowMs()) / 2);
  const ok = Math.abs(skewMs) <= MAX_SKEW_MS;
  return { check: "clock", ok, text: ok ? `Its clock is ${skewMs} ms from ours.` : `Its clock is ${Math.round(skewMs / 1_000)} s from ours. Set up time synchronization.` };
}

async function checkPower(pass: Pass, row: HostRow, config: Record<string, unknown> | null): Promise<Finding> {
  if (!config) return { check: "fencing", ok: false, text: "It has no fencing device, so nobody could ever confirm that it is dead. Give it an IPMI or Redfish controller." };
  try {
    const device = pass.machines.power(asPowerConfig(config));
    if (!device.canFence) return { check: "fencing", ok: false, text: `Its power device (${device.kind}) can wake it and cannot confirm that it is off, so it is no fencing device. Give it an IPMI or Redfish controller.` };
    const status = await device.status({ timeoutMs: CALL_TIMEOUT_MS });
    const ok = status === "on";
    return { check: "fencing", ok, text: ok ? `Its ${device.kind} controller answers and says "on".` : `Its ${device.kind} controller says "${status}" of a host that should be on: it is the controller of another machine, or the host is off.` };
  } catch (error) {
    if (!(error instanceof DriverError)) throw error;
    return { check: "fencing", ok: false, text: `The management controller of ${row.name} does not work: ${error.message} Check its address, user and password.` };
  }
}

/** The shapes are checked where they are stored; the worker trusts its own table. */
export function asPowerConfig(config: Record<string, unknown>): PowerConfig {
  return config as PowerConfig;
}

async function checkStorage(pass: Pass, fleet: Fleet, row: HostRow, host: HypervisorHost, pools: readonly PoolObservation[]): Promise<Finding[]> {
  const wanted = fleet.pools.filter((pool) => pool.clusterId === row.clusterId);
  const seen = new Map(pools.map((pool) => [pool.name, pool]));
  const findings: Finding[] = [];
  for (const pool of wanted) {
    const here = seen.get(pool.name);
    if (!here) findings.push({ check: "storage", ok: false, text: `It has no storage pool named ${pool.name}; it has ${[...seen.keys()].join(", ") || "none"}. Mount the cluster's shared storage and define the pool.` });
    else if (here.path !== pool.path) findings.push({ check: "storage", ok: false, text: `Its pool ${pool.name} is at ${here.path}, on the other hosts at ${pool.path}. Moves need the same path everywhere.` });
    else findings.push(await checkShared(pass, fleet, row, host, pool.name));
  }
  return findings;
}

/** A file written here must be seen by another host: only that proves that the storage is one and the same. */
async function checkShared(pass: Pass, fleet: Fleet, row: HostRow, host: HypervisorHost, pool: string): Promise<Finding> {
  const other = [...fleet.hosts.values()].find((candidate) => candidate.clusterId === row.clusterId && candidate.state === "up" && candidate.id !== row.id);
  if (!other) return { check: "shared-storage", ok: true, text: `The pool ${pool} is there; no other host is up to compare it with.` };
  const name = `preflight-${row.id}.raw`;
  try {
    await host.ensureVolume({ pool, name, format: "raw", capacityMiB: PROBE_MIB, backing: null });
    const there = await pass.machines.host(other).listVolumes(pool, { timeoutMs: CALL_TIMEOUT_MS });
    const ok = there.some((volume) => volume.name === name);
    return { check: "shared-storage", ok, text: ok ? `${other.name} sees what it writes to ${pool}.` : `${other.name} does not see what it writes to ${pool}: their storage is not shared. Mount the same storage on both.` };
  } catch (error) {
    if (!(error instanceof DriverError)) throw error;
    return { check: "shared-storage", ok: false, text: `Whether its pool ${pool} is shared could not be tried: ${error.message}` };
  } finally {
    await host.deleteVolume(pool, name).catch((error: unknown) => pass.context.logger.warn({ host: row.name, pool, name, err: error }, "a preflight's probe could not be removed"));
  }
}
