import type { Context } from "@/server/platform/context";
import { Problem } from "@/server/platform/errors";
import { sentence } from "@/server/platform/sentences";
import { changeInstance } from "./change-instance";
import { rebootInstanceInput, type RebootInstanceInput } from "./schema";
import type { InstanceSummary } from "./types";

/** Asks for a reboot: `guest` through the guest's own shutdown, `reset` as by the button. Each request is one reboot. */
export async function rebootInstance(context: Context, input: RebootInstanceInput): Promise<InstanceSummary> {
  const { instanceId, mode } = rebootInstanceInput.parse(input);
  return changeInstance(context, instanceId, "reboot", (row) => {
    if (row.desiredPower === "stopped") throw new Problem("conflict", sentence("refused-reboot-stopped", { instance: row.name }), { instanceId });
    return { set: { bootGeneration: row.bootGeneration + 1, rebootMode: mode }, event: "reboot-requested", detail: { mode }, after: { mode } };
  });
}
