import type { InstanceStatus } from "@/app/_components/instance-status";

const ON: readonly InstanceStatus[] = ["running", "paused", "crashed", "rebooting", "resizing", "migrating", "starting", "provisioning", "waiting-for-capacity", "recovering", "unreachable", "error", "suspended"];
const OFF: readonly InstanceStatus[] = ["stopped", "stopping", "suspended", "suspending", "crashed", "error"];

/** Which buttons make sense in a state; the front door refuses the rest with a reason anyway. */
export function offeredActions(status: InstanceStatus): { readonly start: boolean; readonly stop: boolean; readonly reboot: boolean; readonly suspend: boolean } {
  return { start: OFF.includes(status), stop: ON.includes(status), reboot: status === "running" || status === "crashed", suspend: status === "running" };
}
