import type { ClusterHistory, ClusterSnapshot, Demand, DemandHistory } from "@/server/planner/types";
import type { Automation } from "../automation/types";
import type { MoveFacts } from "../move/store";

/** What is known of instances beyond where they stand. */
export interface Steering {
  /** By instance; those that were not measured keep the planner's default. */
  readonly demand: ReadonlyMap<string, Demand>;
  readonly moves: MoveFacts;
  /** Whose owner does not agree to a move now. */
  readonly unmovable: ReadonlySet<string>;
  /** What the last weeks brought, for forecasts by hour of day and week; absent: nothing is foreseen. */
  readonly past?: { readonly cluster: ClusterHistory | null; readonly instances: ReadonlyMap<string, DemandHistory> };
}

/** A guest rests so long after a move that was only for balance or sleep: two in a row are ping-pong. */
const COOLDOWN_SECONDS = 1_800;

/** The planner's view with measured demand, consents and the cluster's own limits. Pure. */
export function enrichSnapshot(snapshot: ClusterSnapshot, automation: Automation, steering: Steering): ClusterSnapshot {
  return {
    ...snapshot,
    ...(steering.past?.cluster ? { history: steering.past.cluster } : {}),
    policy: {
      ...snapshot.policy,
      cooldownSeconds: COOLDOWN_SECONDS,
      minAwakeSeconds: automation.minAwakeSeconds,
      minAsleepSeconds: automation.minAsleepSeconds,
      powerCycleSeconds: Math.floor((automation.cycleHours * 3_600) / automation.maxCycles),
      postCopy: automation.fastWriters === "post-copy",
    },
    instances: snapshot.instances.map((instance) => {
      const demand = steering.demand.get(instance.id);
      const moved = steering.moves.lastMoved.get(instance.id);
      const history = steering.past?.instances.get(instance.id);
      const dirty = steering.moves.dirtyMiBPerSecond.get(instance.id);
      return {
        ...instance,
        ...(demand ? { demand } : {}),
        ...(moved ? { lastMovedSeconds: Math.floor(moved.getTime() / 1_000) } : {}),
        ...(history ? { history } : {}),
        ...(dirty === undefined ? {} : { dirtyMiBPerSecond: dirty }),
        ...(steering.unmovable.has(instance.id) ? { consentWindows: [] } : {}),
      };
    }),
  };
}
