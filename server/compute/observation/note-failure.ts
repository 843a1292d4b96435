import type { Context } from "@/server/platform/context";
import type { Transaction } from "@/server/platform/transaction";
import type { Said } from "@/server/platform/sentences";
import { announce } from "@/server/platform/wake";
import { selectOwners } from "../instance/store";
import { updateFailure } from "./store";

/** The first retry comes soon, since most failures pass; the last waits long enough to be no load and short enough to notice a repair. */
const FIRST_RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 300_000;

/** Milliseconds until the next try after so many failures in a row: doubling, with up to a fifth of chance on top. */
export function backoffMs(failures: number, chance: number): number {
  return Math.round(Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(failures - 1, 30)) * (1 + 0.2 * chance));
}

/**
 * Something could not be done; converge leaves the instance alone until `retryAfter`. The text is for the tenant: no host is named.
 * A failure at a place comes after the decision for it (`placedAt`), also where the clock of who failed is behind that of who decided:
 * it would pass for one of an earlier place, be tried again at once, and count as many failures in a row.
 */
export async function noteFailure(tx: Transaction, context: Context, input: { readonly instanceId: string; readonly error: Said; readonly placedAt?: Date | undefined }): Promise<void> {
  const at = new Date(Math.max(context.clock.nowMs(), (input.placedAt?.getTime() ?? 0) + 1));
  const failures = await updateFailure(tx, input.instanceId, input.error, at, (count) => backoffMs(count, context.random.float()));
  const organizationId = (await selectOwners(tx, [input.instanceId])).get(input.instanceId);
  if (failures !== null && organizationId !== undefined) await announce(tx, { organizationId, topic: "instance", id: input.instanceId });
}
