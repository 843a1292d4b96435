import type { Context } from "@/server/platform/context";
import { inTransaction } from "@/server/platform/transaction";
import { requireOrganization } from "../rules";
import { selectHoldings, selectMachines } from "./store";

/** A billing period is a calendar month, and at most two when the organization's zone has changed. */
const LONGEST_PERIOD_MS = 63 * 86_400_000;

export interface DesktopHoldings {
  readonly machines: Awaited<ReturnType<typeof selectMachines>>;
  readonly holdings: Awaited<ReturnType<typeof selectHoldings>>;
}

/** Machines of the organization's desktops, and who had which when, for the period around a moment (default: now). */
export async function listHoldings(context: Context, input: { readonly at?: Date } = {}): Promise<DesktopHoldings> {
  const organizationId = requireOrganization(context);
  const since = new Date((input.at ?? context.clock.now()).getTime() - LONGEST_PERIOD_MS);
  return inTransaction(context, async (tx) => ({ machines: await selectMachines(tx, organizationId), holdings: await selectHoldings(tx, organizationId, since) }), { readOnly: true });
}
