import type { ClusterSnapshot, Group, Host, HostRule, Instance } from "../types";
import { findOddHost, findOddInstance } from "../model/find-odd";

/**
 * Who is where, kept in the plainest way: names and lists, every sum made anew. The judge stands on this alone and shares no rule and no
 * arithmetic with the planner, so that a mistake there is not repeated here.
 */
export class Ledger {
  readonly hosts = new Map<string, Host>();
  readonly instances = new Map<string, Instance>();
  readonly hostOf = new Map<string, string | null>();
  readonly guests = new Map<string, Set<string>>();
  readonly groupsOf = new Map<string, Group[]>();
  readonly rulesOf = new Map<string, HostRule[]>();
  readonly members = new Map<string, Set<string>>();
  /** Instances that still take room on a host which they leave in the wave that is being judged. */
  readonly leaving = new Map<string, string[]>();

  constructor(
    readonly snapshot: ClusterSnapshot,
    fresh: readonly Instance[],
  ) {
    for (const host of snapshot.hosts) if (!this.hosts.has(host.id) && findOddHost(host) === null) this.hosts.set(host.id, { ...host });
    const replaced = new Set(fresh.map((one) => one.id));
    for (const one of [...snapshot.instances.filter((instance) => !replaced.has(instance.id)), ...fresh.map((instance) => ({ ...instance, hostId: null }))]) {
      if (this.instances.has(one.id) || findOddInstance(one) !== null || (one.hostId !== null && !this.hosts.has(one.hostId))) continue;
      this.instances.set(one.id, one);
      this.move(one.id, one.hostId);
    }
    for (const group of snapshot.groups) {
      const members = new Set(group.instanceIds);
      this.members.set(group.id, members);
      for (const id of members) if (this.instances.has(id)) this.groupsOf.set(id, [...(this.groupsOf.get(id) ?? []), group]);
    }
    for (const rule of snapshot.hostRules) for (const id of new Set(rule.instanceIds)) this.rulesOf.set(id, [...(this.rulesOf.get(id) ?? []), rule]);
  }

  move(id: string, hostId: string | null): void {
    this.guests.get(this.hostOf.get(id) ?? "")?.delete(id);
    this.hostOf.set(id, hostId);
    if (hostId !== null) this.guests.set(hostId, (this.guests.get(hostId) ?? new Set<string>()).add(id));
  }

  /** Everything that takes room on a host now, without `except`. */
  on(hostId: string, except?: string): Instance[] {
    const ids = [...(this.guests.get(hostId) ?? []), ...(this.leaving.get(hostId) ?? [])];
    return ids.flatMap((id) => (id === except ? [] : (this.instances.get(id) ?? [])));
  }

  /** Hosts of the same failure domain as this one; null if it has none of that kind. */
  domain(hostId: string, scope: string): string[] | null {
    if (scope === "host") return [hostId];
    const name = this.hosts.get(hostId)?.failureDomains?.[scope];
    if (name === undefined) return null;
    return [...this.hosts.values()].flatMap((host) => (host.failureDomains?.[scope] === name ? [host.id] : []));
  }
}
