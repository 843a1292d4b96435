import type { Context } from "@/server/platform/context";
import { mintId } from "@/server/platform/id";
import type { Transaction } from "@/server/platform/transaction";
import type { EventInput } from "../types";
import { insertEvents, selectOwners } from "./store";

/** Writes what happened into the timelines of instances; the tenant reads it, so no host is named. Unknown ids are skipped. */
export async function recordInstanceEvents(tx: Transaction, context: Context, events: readonly EventInput[]): Promise<void> {
  if (events.length === 0) return;
  const owners = await selectOwners(tx, events.map((event) => event.instanceId));
  await recordEventsOf(tx, context, events.flatMap((event) => {
    const organizationId = owners.get(event.instanceId);
    return organizationId === undefined ? [] : [{ ...event, organizationId }];
  }));
}

/** The same where the owner is known already. */
export async function recordEventsOf(tx: Transaction, context: Context, events: readonly (EventInput & { readonly organizationId: string })[]): Promise<void> {
  if (events.length === 0) return;
  await insertEvents(tx, events.map(({ instanceId, organizationId, kind, detail, decisionId, at }) => ({
    id: mintId("instanceEvent", context), organizationId, instanceId, at: at ?? context.clock.now(), kind, detail: { ...detail }, decisionId: decisionId ?? null,
  })));
}
