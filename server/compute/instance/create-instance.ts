import { Combiner, type Outcome } from "@/server/platform/combine";
import type { Context } from "@/server/platform/context";
import { Problem } from "@/server/platform/errors";
import { inTransaction, violatedConstraint } from "@/server/platform/transaction";
import { requireOrganization } from "../rules";
import { nameTaken } from "./change-instance";
import { placeOrders, type Ordered } from "./place-orders";
import { createInstanceInput, type CreateInstanceInput } from "./schema";
import type { InstanceSummary } from "./types";

/** A MAC address of 24 random bits meets a taken one once in a thousand orders at ten thousand instances. */
const MAX_MAC_ATTEMPTS = 3;
/** Fifty orders are written in some 40 ms, which is how long the next ones wait at most; more gain little. */
const MOST_TOGETHER = 50;

/**
 * Orders of one organization queue at its quota and at the head of its audit trail whatever is done, so those that arrive
 * together are written together: one transaction, one flush to disk. One that is refused is tried alone and hears why.
 */
const orders = new Combiner<Ordered & { readonly organizationId: string }, InstanceSummary>({ mostTogether: MOST_TOGETHER, work: acceptOrders });

/**
 * Orders an instance for the context's organization: desired state, a private address, disks to be made, and a hold on
 * the quota, in one transaction. It is placed and started by the loops. The same idempotency key answers the same instance.
 */
export async function createInstance(context: Context, input: CreateInstanceInput): Promise<InstanceSummary> {
  const order = createInstanceInput.parse(input);
  const organizationId = requireOrganization(context);
  return orders.run(context.db, `${organizationId} ${context.scope}`, { context, order, organizationId });
}

async function acceptOrders(ordered: readonly (Ordered & { readonly organizationId: string })[]): Promise<Outcome<InstanceSummary>[]> {
  const together = ordered.length > 1 ? await acceptTogether(ordered) : [];
  const outcomes: Outcome<InstanceSummary>[] = [];
  for (const [index, one] of ordered.entries()) {
    const value = together[index];
    outcomes.push(value ? { ok: true, value } : await acceptAlone(one));
  }
  return outcomes;
}

/** Null for an order that is to be tried alone. */
async function acceptTogether(ordered: readonly (Ordered & { readonly organizationId: string })[]): Promise<(InstanceSummary | null)[]> {
  const [first] = ordered;
  if (!first) return [];
  try {
    return await inTransaction(first.context, (tx) => placeOrders(tx, first.organizationId, ordered));
  } catch (error) {
    // Something about one of them that only shows in writing: a name or the rest of the quota taken meanwhile.
    if (error instanceof Problem || violatedConstraint(error) !== null) return [];
    throw error;
  }
}

async function acceptAlone({ context, order, organizationId }: Ordered & { readonly organizationId: string }): Promise<Outcome<InstanceSummary>> {
  for (let attempt = 1; ; attempt++) {
    try {
      const [value] = await inTransaction(context, (tx) => placeOrders(tx, organizationId, [{ context, order }]));
      if (!value) throw new Error(`the order of ${order.name} was neither accepted nor refused`);
      return { ok: true, value };
    } catch (error) {
      const constraint = violatedConstraint(error);
      if (constraint === "instance_name") return { ok: false, error: nameTaken(order.name, error) };
      if (constraint !== "address_mac" || attempt >= MAX_MAC_ATTEMPTS) return { ok: false, error };
    }
  }
}
