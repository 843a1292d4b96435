import type { DesktopState } from "./types";

/**
 * The life of a desktop. Each state has an exit, `retired` apart: nothing of it is left then.
 *
 * - `provisioning`: its machine is ordered or boots for the first time.
 * - `ready`: it runs, and nobody is in it.
 * - `in-session`: it is somebody's now. `disconnected`: still theirs, and nobody looks.
 * - `suspended`: its memory is put aside; it takes storage only.
 * - `resetting`: its disk is made anew, so that nothing of the last person is left.
 * - `failed`: it does not come up; it is replaced. `retiring`: its machine is being removed.
 */
export const NEXT_STATES: Readonly<Record<DesktopState, readonly DesktopState[]>> = {
  provisioning: ["ready", "in-session", "failed", "retiring"],
  ready: ["in-session", "suspended", "resetting", "failed", "retiring"],
  "in-session": ["disconnected", "ready", "resetting", "failed", "retiring"],
  disconnected: ["in-session", "ready", "suspended", "resetting", "failed", "retiring"],
  suspended: ["in-session", "ready", "resetting", "failed", "retiring"],
  resetting: ["ready", "failed", "retiring"],
  failed: ["retiring", "resetting"],
  retiring: ["retired"],
  retired: [],
};

export function mayBecome(from: DesktopState, to: DesktopState): boolean {
  return from === to || NEXT_STATES[from].includes(to);
}

/** States in which a desktop counts against the maximum of its pool. */
export const COUNTED: readonly DesktopState[] = ["provisioning", "ready", "in-session", "disconnected", "suspended", "resetting", "failed"];
