import type { Group, HostRule } from "@/server/planner/types";
import type { AllocationRow, MigrationRow, PlacementRuleRow } from "../types";

/** Rules about instances among each other, in the planner's words. */
export function ruleGroups(rules: readonly PlacementRuleRow[], present: ReadonlySet<string>): Group[] {
  return rules.flatMap((rule): Group[] => {
    if (rule.kind === "hosts") return [];
    const instanceIds = rule.instanceIds.filter((id) => present.has(id));
    return instanceIds.length < 2 ? [] : [{ id: rule.id, kind: rule.kind, hard: rule.strict, scope: "host", instanceIds }];
  });
}

/**
 * Rules about hosts, in the planner's words: a strict rule allows its hosts and no other; every step of priority is a
 * preference of its own for the hosts at or above it, so that the highest that can be had wins.
 */
export function ruleHosts(rules: readonly PlacementRuleRow[]): HostRule[] {
  return rules.flatMap((rule): HostRule[] => {
    if (rule.kind !== "hosts" || rule.hosts.length === 0) return [];
    const all = rule.hosts.map((host) => host.hostId);
    const steps = [...new Set(rule.hosts.map((host) => host.priority))].sort((a, b) => a - b);
    const preferences = steps.map((step): HostRule => ({ id: rule.id, kind: "only", hard: false, instanceIds: rule.instanceIds, hostIds: rule.hosts.filter((host) => host.priority >= step).map((host) => host.hostId) }));
    // The lowest step of a strict rule says the same as the rule itself.
    return rule.strict ? [{ id: rule.id, kind: "only", hard: true, instanceIds: rule.instanceIds, hostIds: all }, ...preferences.slice(1)] : preferences;
  });
}

/**
 * A move that failed a moment ago may have failed because of the link between its two hosts, over which nothing else speaks: what stands on its
 * source is rather moved to other hosts for a while. A preference, so that the same target is tried again where there is no other.
 */
export function ruleFailed(failed: readonly MigrationRow[], allocations: readonly AllocationRow[]): HostRule[] {
  const targets = new Map<string, Set<string>>();
  for (const move of failed) targets.set(move.fromHostId, (targets.get(move.fromHostId) ?? new Set()).add(move.toHostId));
  return [...targets].flatMap(([fromHostId, toHostIds]): HostRule[] => {
    const instanceIds = allocations.filter((row) => row.hostId === fromHostId).map((row) => row.instanceId);
    return instanceIds.length === 0 ? [] : [{ id: `failed-move/${fromHostId}`, kind: "never", hard: false, instanceIds, hostIds: [...toHostIds] }];
  });
}
