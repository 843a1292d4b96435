import type { Context } from "@/server/platform/context";
import { changeInstance, decidedBy } from "./change-instance";
import { stopInstanceInput, type StopInstanceInput } from "./schema";
import type { InstanceSummary } from "./types";

/** Long enough for a guest to write its caches and stop its services; systemd's own default is 90, which nobody waits for. */
export const DEFAULT_GRACE_SECONDS = 30;

/**
 * Asks the guest to shut down, and has its power cut when the grace is over; `force` has it cut at once. Asked for
 * already: nothing changes, but a shorter grace is taken over.
 */
export async function stopInstance(context: Context, input: StopInstanceInput): Promise<InstanceSummary> {
  const { instanceId, graceSeconds, force } = stopInstanceInput.parse(input);
  const grace = force ? 0 : (graceSeconds ?? DEFAULT_GRACE_SECONDS);
  return changeInstance(context, instanceId, "stop", (row) => {
    if (row.desiredPower === "stopped" && grace >= row.stopGraceSeconds) return null;
    return {
      set: { desiredPower: "stopped", stopRequestedAt: context.clock.now(), stopGraceSeconds: grace, powerDecidedBy: decidedBy(context) },
      event: "stop-requested",
      detail: { graceSeconds: grace },
      before: { desiredPower: row.desiredPower },
      after: { desiredPower: "stopped", graceSeconds: grace },
    };
  });
}
