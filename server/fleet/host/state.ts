import type { HostRow } from "../types";

export type HostState = HostRow["state"];

/**
 * The life of a host. Every state has an exit; nothing leaves `suspect`, `unreachable` or `fencing` towards a place
 * from which instances are restarted but through `fenced`.
 *
 * - `suspect`: silent for a moment; nothing new is placed there.
 * - `isolated`: silent to us, and its lease on the shared storage is still renewed: it lives, and so do its machines.
 * - `unreachable`: silent for long, and not (or not yet) known dead: the brake holds, or fencing is blocked.
 * - `fencing`: its management controller was told to cut the power; not confirmed yet.
 * - `fenced`: known dead. Its instances may run elsewhere.
 * - `returning`: answers again after it was dead; what is stale there is removed before anything is placed.
 * - `asleep`: off on purpose, or on the way there or back (`power_state`); it has no instances.
 * - `quarantined`: kept out (the operator's wish, another machine at its address, or a wake that failed); what runs there stays.
 */
const EXITS: Readonly<Record<HostState, readonly HostState[]>> = {
  enrolling: ["up", "quarantined", "retired"],
  up: ["suspect", "asleep", "quarantined", "retired"],
  suspect: ["up", "isolated", "unreachable", "fencing", "fenced"],
  isolated: ["up", "unreachable", "fencing", "fenced"],
  unreachable: ["up", "isolated", "fencing", "fenced"],
  fencing: ["up", "unreachable", "fenced"],
  fenced: ["returning", "retired"],
  returning: ["up", "suspect", "fenced", "quarantined"],
  asleep: ["returning", "quarantined", "retired"],
  quarantined: ["up", "returning", "suspect", "retired"],
  retired: [],
};

export function mayBecome(from: HostState, to: HostState): boolean {
  return EXITS[from].includes(to);
}

/** States in which a host's silence is watched. */
export const WATCHED_STATES: readonly HostState[] = ["up", "suspect", "isolated", "unreachable", "fencing", "fenced", "returning", "asleep", "quarantined"];

/** States in which instances may be told to do something on the host. */
export const ACTING_STATES: readonly HostState[] = ["up"];

/** What the planner believes of a state. */
export function plannerState(state: HostState): "up" | "waking" | "asleep" | "down" {
  switch (state) {
    case "up":
      return "up";
    case "returning":
    case "enrolling":
      return "waking";
    case "asleep":
      return "asleep";
    case "suspect":
    case "isolated":
    case "unreachable":
    case "fencing":
    case "fenced":
    case "quarantined":
    case "retired":
      return "down";
  }
}
