import { getInstance } from "@/server/compute";
import type { Context } from "@/server/platform/context";
import { inTransaction } from "@/server/platform/transaction";
import { readUsageWindows } from "./read-summary";
import { listSamples } from "./read-usage";
import type { SampleRow } from "./sample";
import type { UsageWindowRow } from "./types";

const HOUR_MS = 3_600_000;
/** As many as one page of a table; older ones are on the organization's usage page. */
const MAX_WINDOWS = 100;

/** Windows and minute samples of one instance in a period (default: the last hour). Throws `not-found` for somebody else's. */
export async function readInstanceUsage(
  context: Context,
  input: { readonly organizationId: string; readonly instanceId: string; readonly from?: Date; readonly to?: Date },
): Promise<{ readonly from: Date; readonly to: Date; readonly windows: readonly UsageWindowRow[]; readonly samples: readonly SampleRow[] }> {
  const { organizationId, instanceId } = input;
  await getInstance(context, { instanceId });
  const to = input.to ?? context.clock.now();
  const from = input.from ?? new Date(to.getTime() - HOUR_MS);
  const { items: windows } = await readUsageWindows(context, { organizationId, instanceId, from, to, limit: MAX_WINDOWS });
  const samples = await inTransaction(context, (tx) => listSamples(tx, organizationId, { instanceId, from, to }), { readOnly: true });
  return { from, to, windows, samples };
}
