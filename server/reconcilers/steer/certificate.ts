import type { FleetSnapshot } from "@/server/fleet";
import { proveSleep } from "@/server/planner";
import type { ClusterSnapshot, SleepCertificate } from "@/server/planner/types";

/**
 * A view in which every placed machine counts as running: starting one that is off raises no question of room later, so
 * the proof must cover it now.
 */
export function protectAll(planner: ClusterSnapshot, snapshot: FleetSnapshot): ClusterSnapshot {
  // A host that has just gone silent is placed on by nobody, and is the likeliest to be lost: what runs there must find room as much as what runs elsewhere.
  const hosts = planner.hosts.map((host) => (snapshot.hosts.get(host.id)?.state === "suspect" ? { ...host, state: "up" as const } : host));
  return { ...planner, hosts, instances: planner.instances.map((instance) => (instance.hostId !== null && snapshot.instances.has(instance.id) ? { ...instance, wanted: "on" as const } : instance)) };
}

/** The proof that these hosts may sleep, or whose loss would not be survived. */
export function prove(planner: ClusterSnapshot, snapshot: FleetSnapshot, asleepIds: Iterable<string>): { readonly certificate: SleepCertificate | null; readonly uncovered: string | null } {
  const { certificate, uncoveredHostId } = proveSleep(protectAll(planner, snapshot), asleepIds);
  return { certificate, uncovered: uncoveredHostId === null ? null : (snapshot.names.get(uncoveredHostId) ?? uncoveredHostId) };
}

/**
 * The fewest sleepers to wake so that the others may go on sleeping; all of them where nothing less is enough. `awake`
 * are those that count as up already. Tries single hosts, the roomiest first, before it takes more and more.
 */
export function chooseToWake(planner: ClusterSnapshot, snapshot: FleetSnapshot, asleepIds: readonly string[]): { readonly wake: string[]; readonly certificate: SleepCertificate | null } {
  const roomOf = new Map(planner.hosts.map((host) => [host.id, host.memoryMiB - host.systemMemoryMiB]));
  const roomy = [...asleepIds].sort((a, b) => (roomOf.get(b) ?? 0) - (roomOf.get(a) ?? 0) || (a < b ? -1 : 1));
  const withAwake = (ids: ReadonlySet<string>): ClusterSnapshot => ({ ...planner, hosts: planner.hosts.map((host) => (ids.has(host.id) ? { ...host, state: "up" as const } : host)) });
  for (let count = 1; count <= roomy.length; count++) {
    const wake = new Set(roomy.slice(0, count));
    const rest = asleepIds.filter((id) => !wake.has(id));
    if (rest.length === 0) break;
    const { certificate } = prove(withAwake(wake), snapshot, rest);
    if (certificate) return { wake: [...wake], certificate };
  }
  return { wake: roomy, certificate: null };
}
