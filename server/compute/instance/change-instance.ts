import { recordAudit } from "@/server/tenancy";
import type { Context } from "@/server/platform/context";
import { notFound, Problem } from "@/server/platform/errors";
import { sentence } from "@/server/platform/sentences";
import { inTransaction, violatedConstraint, type Transaction } from "@/server/platform/transaction";
import { wakeAndAnnounce } from "@/server/platform/wake";
import type { InstanceRow } from "../types";
import { recordEventsOf } from "./record-events";
import { requireAwake, requireVerb, type InstanceVerb } from "./state";
import { lockInstance, updateInstance } from "./store";
import { readSummary } from "./read-summary";
import type { InstanceSummary } from "./types";

/** What a verb decided about an instance. */
export interface InstanceChange {
  readonly set: Partial<Omit<InstanceRow, "id" | "organizationId" | "generation">>;
  /** Kind of the event on the timeline and action of the audit entry (`instance.` before it). */
  readonly event: string;
  readonly detail?: Readonly<Record<string, unknown>>;
  readonly before?: Readonly<Record<string, unknown>>;
  readonly after?: Readonly<Record<string, unknown>>;
  /** Loops that it concerns besides those of every change. */
  readonly wakes?: readonly string[];
}

/** Who decides a power state in this context. */
export function decidedBy(context: Context): "tenant" | "operator" {
  return context.actor.kind === "user" ? "tenant" : "operator";
}

/**
 * The one shape of a verb on an instance: lock the row, refuse what its life does not allow, decide, write desired state
 * with the next generation, event, wake, audit. `decide` answers null when it is so already: then nothing is written.
 */
export async function changeInstance(
  context: Context,
  instanceId: string,
  verb: InstanceVerb,
  decide: (row: InstanceRow, tx: Transaction) => Promise<InstanceChange | null> | InstanceChange | null,
): Promise<InstanceSummary> {
  try {
    return await inTransaction(context, async (tx) => {
      const row = await lockInstance(tx, context, instanceId);
      if (!row || row.purgedAt) throw notFound("instance", instanceId);
      requireVerb(row, verb, context.clock.now());
      requireAwake(row, verb);
      const change = await decide(row, tx);
      if (change) await writeChange(tx, context, row, change);
      const summary = await readSummary(tx, context, instanceId);
      if (change) {
        await recordAudit(tx, context, {
          organizationId: row.organizationId, action: `instance.${change.event}`, targetKind: "instance", targetId: row.id, before: change.before ?? null, after: change.after ?? null,
        });
      }
      return summary;
    });
  } catch (error) {
    if (violatedConstraint(error) === "instance_name") throw nameTaken(null, error);
    throw error;
  }
}

async function writeChange(tx: Transaction, context: Context, row: InstanceRow, change: InstanceChange): Promise<void> {
  await updateInstance(tx, row.id, { ...change.set, generation: row.generation + 1, updatedAt: context.clock.now() });
  await recordEventsOf(tx, context, [{ instanceId: row.id, organizationId: row.organizationId, kind: change.event, detail: change.detail ?? {} }]);
  // Both: a change may need a place (start, restore) or only work where the instance is.
  await wakeAndAnnounce(tx, ["place-instances", "converge-instances", ...(change.wakes ?? [])], { organizationId: row.organizationId, topic: "instance", id: row.id });
}

/** A name belongs to one instance of an organization; those in the trash do not count. */
export function nameTaken(name: string | null, cause?: unknown): Problem {
  return new Problem("conflict", name === null ? sentence("refused-some-name-taken") : sentence("refused-name-taken", { name }), { field: "name", ...(name === null ? {} : { name }) }, { cause });
}
