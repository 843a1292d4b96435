import type { Context } from "@/server/platform/context";
import { sentence } from "@/server/platform/sentences";
import type { Transaction } from "@/server/platform/transaction";
import type { IncidentRow } from "../types";
import { closeIncident, noteIncident, openIncident, type IncidentKey, type IncidentNote } from "./note-incident";
import { lockOpenIncident, queueForIncidents } from "./store";

const keyOf = (clusterId: string): IncidentKey => ({ clusterId, hostId: null, kind: "storage-full" });

export interface NoRoom {
  readonly clusterId: string;
  /** Name of the pool that had no room. */
  readonly pool: string;
  readonly instanceId: string;
  /** Name of the machine that should have been put aside. */
  readonly instance: string;
  /** What its memory may take at most. */
  readonly neededMiB: number;
  /** The host's own words; null where the pool is so full that it holds the machine itself. */
  readonly error: string | null;
}

/** A machine could not be put aside because its pool had no room for its memory: the operator's alarm. It goes by itself, see below. */
export async function noteNoRoom(tx: Transaction, context: Context, { clusterId, error, ...figures }: NoRoom): Promise<void> {
  const key = keyOf(clusterId);
  // Machines are put aside many at once: two first ones would open two alarms.
  await queueForIncidents(tx, key);
  // The host's own words are in the detail: they differ each time, and a machine that is tried every half hour should be told of once.
  const note: IncidentNote = {
    kind: "signal",
    said: error === null ? sentence("note-held", { pool: figures.pool, instance: figures.instance }) : sentence("note-no-room", { pool: figures.pool, instance: figures.instance, neededMiB: figures.neededMiB }),
    detail: { ...figures, error },
  };
  await openIncident(tx, context, key, sentence("incident-no-room", { pool: figures.pool }), note);
  await noteIncident(tx, context, key, note, { ...figures, lastAt: context.clock.now().toISOString() });
}

/** A machine was put aside on a pool: where an alarm said that it could not, it is over. */
export async function noteRoom(tx: Transaction, context: Context, input: { readonly clusterId: string; readonly pool: string; readonly instance: string }): Promise<void> {
  const key = keyOf(input.clusterId);
  const open = await lockOpenIncident(tx, key);
  if (open?.figures["pool"] === input.pool) await closeIncident(tx, context, key, { kind: "end", said: sentence("note-put-aside", { instance: input.instance, pool: input.pool }) });
}

/** A pool was looked at: room for what could not be put aside, seen after that, ends the alarm as well. */
export async function noteSpace(tx: Transaction, context: Context, input: { readonly clusterId: string; readonly pool: string; readonly availableMiB: number; readonly observedAt: Date }): Promise<void> {
  const key = keyOf(input.clusterId);
  const open = await lockOpenIncident(tx, key);
  if (!open || open.figures["pool"] !== input.pool) return;
  const { neededMiB, lastAt } = open.figures;
  const since = typeof lastAt === "string" ? new Date(lastAt) : open.openedAt;
  if (typeof neededMiB !== "number" || input.availableMiB < neededMiB || input.observedAt <= since) return;
  await closeIncident(tx, context, key, { kind: "end", said: sentence("note-pool-free", { pool: input.pool, availableMiB: input.availableMiB }) });
}

/** Pool and machine of an open alarm, for the sentence that warns of it. */
export function noRoomOf(incident: IncidentRow): { readonly pool: string; readonly instance: string } | null {
  const { pool, instance } = incident.figures;
  return incident.kind === "storage-full" && typeof pool === "string" && typeof instance === "string" ? { pool, instance } : null;
}
