import { confirmCertificate, readCertificate, readFleet, requestWake, storeCertificate, takeSnapshot, voidCertificate, type ClusterRow, type FleetSnapshot, type HostRow } from "@/server/fleet";
import { findCertificateFaults } from "@/server/planner";
import { sentence } from "@/server/platform/sentences";
import { inTransaction } from "@/server/platform/transaction";
import type { SleepCertificate } from "@/server/planner/types";
import { chooseToWake, protectAll, prove } from "./steer/certificate";
import type { LoopDefinition, Pass } from "./types";

/** Every change of a cluster raises its generation; a pass over clusters whose generation stands costs one query. */
const PERIOD_MS = 1_000;

/**
 * Keeps the promise that sleeping breaks nothing: after every change of a cluster with sleepers the proof is checked
 * again, made anew where it must be, and where none exists hosts are woken until one does.
 */
export const guardCertificatesLoop: LoopDefinition = {
  name: "guard-certificates",
  periodMs: PERIOD_MS,
  async pass(pass) {
    const fleet = await readFleet(pass.context, { allocations: false });
    let backlog = 0;
    for (const cluster of fleet.clusters.values()) {
      if (pass.signal.aborted) break;
      const asleep = [...fleet.hosts.values()].filter((host) => host.clusterId === cluster.id && host.state === "asleep");
      backlog += await guard(pass, cluster, asleep);
    }
    return { backlog };
  },
};

async function guard(pass: Pass, cluster: ClusterRow, asleep: readonly HostRow[]): Promise<number> {
  const { context } = pass;
  const standing = await readCertificate(context, cluster.id);
  if (asleep.length === 0) {
    if (standing) await inTransaction(context, (tx) => voidCertificate(tx, context, cluster.id, sentence("proof-all-awake")));
    return 0;
  }
  if (standing?.checkedForGeneration === cluster.generation) return 0;
  const snapshot = await takeSnapshot(context, cluster.id);
  const generation = snapshot.cluster.generation;
  // What is waking may fail to wake like any other sleeper: it counts as one until it is up.
  const sleepers = [...snapshot.hosts.values()].filter((host) => host.state === "asleep").map((host) => host.id);
  if (standing && sameHosts(standing.asleepHostIds, sleepers) && holds(snapshot, standing.proof, sleepers)) {
    await inTransaction(context, (tx) => confirmCertificate(tx, context, standing.id, generation));
    return 0;
  }
  const { certificate, uncovered } = prove(snapshot.planner, snapshot, sleepers);
  if (certificate) {
    await inTransaction(context, (tx) => storeCertificate(tx, context, cluster.id, generation, certificate, sentence("proof-anew")));
    return 0;
  }
  return wakeSome(pass, snapshot, sleepers, uncovered);
}

function sameHosts(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && b.every((id) => a.includes(id));
}

/** A stored proof against the cluster as it is now; one of another make is simply made anew. */
function holds(snapshot: FleetSnapshot, proof: Record<string, unknown>, asleepIds: readonly string[]): boolean {
  if (!Array.isArray(proof["asleepHostIds"])) return false;
  const planner = protectAll(snapshot.planner, snapshot);
  const asleep = new Set(asleepIds);
  const hosts = planner.hosts.map((host) => (asleep.has(host.id) ? { ...host, state: "asleep" as const } : host));
  // Written by storeCertificate from the planner's own type, and judged by the planner before anybody relies on it.
  return findCertificateFaults({ ...planner, hosts }, proof as unknown as SleepCertificate).length === 0;
}

/** No proof exists with all of them asleep: as few as possible are woken, the others keep a proof. */
async function wakeSome(pass: Pass, snapshot: FleetSnapshot, sleepers: readonly string[], uncovered: string | null): Promise<number> {
  const { context } = pass;
  const { cluster } = snapshot;
  const waking = new Set([...snapshot.hosts.values()].filter((host) => host.powerState === "waking").map((host) => host.id));
  const wakeable = sleepers.filter((id) => !waking.has(id));
  // Those that wake already may be enough; until they are up nothing is proved, and nothing more can be done than wake.
  const planner = { ...snapshot.planner, hosts: snapshot.planner.hosts.map((host) => (waking.has(host.id) ? { ...host, state: "up" as const } : host)) };
  const { wake } = wakeable.length > 0 && prove(planner, snapshot, wakeable).certificate ? { wake: [] } : chooseToWake(planner, snapshot, wakeable);
  const why = uncovered === null ? sentence("wake-any-loss") : sentence("wake-loss", { host: uncovered });
  await inTransaction(context, async (tx) => {
    await voidCertificate(tx, context, cluster.id, why);
    for (const hostId of wake) await requestWake(tx, context, hostId, { reason: why, inputs: { guard: true, generation: cluster.generation } });
  });
  if (wake.length > 0) context.logger.warn({ cluster: cluster.name, hosts: wake.map((id) => snapshot.names.get(id) ?? id), uncovered }, "sleeping hosts are woken before they are missed");
  pass.wake("power-hosts");
  return sleepers.length;
}
