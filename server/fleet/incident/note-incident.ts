import type { Context } from "@/server/platform/context";
import { mintId } from "@/server/platform/id";
import { textOf, wordsOf, type Said } from "@/server/platform/sentences";
import type { Transaction } from "@/server/platform/transaction";
import { announce } from "@/server/platform/wake";
import type { IncidentEntryRow, IncidentRow } from "../types";
import { hasEntry, insertEntry, insertIncident, lockOpenIncident, writeIncident } from "./store";

export interface IncidentKey {
  readonly clusterId: string;
  /** Null: it is about the cluster as a whole. */
  readonly hostId: string | null;
  readonly kind: IncidentRow["kind"];
}

export interface IncidentNote {
  readonly kind: "signal" | "state" | "fencing" | "restart" | "power" | "operator" | "end";
  /** One sentence; the same one twice in an incident is written once. */
  readonly said: Said;
  /** Now, when left out. */
  readonly at?: Date;
  readonly detail?: Record<string, unknown>;
}

/** Opens an incident, or finds the one that is open. The first note says what was seen first. */
export async function openIncident(tx: Transaction, context: Context, key: IncidentKey, title: Said, first: IncidentNote): Promise<IncidentRow> {
  const open = await lockOpenIncident(tx, key);
  const at = first.at ?? context.clock.now();
  const row: IncidentRow = open ?? { id: mintId("incident", context), ...key, title: textOf(title), titleWords: wordsOf(title), openedAt: at, closedAt: null, figures: {} };
  if (!open) await insertIncident(tx, row);
  await addNote(tx, context, row, first);
  return row;
}

/** Adds a line to an open incident; nothing happens when none is open. True when the line is new. */
export async function noteIncident(tx: Transaction, context: Context, key: IncidentKey, note: IncidentNote, figures: Record<string, unknown> = {}): Promise<boolean> {
  const open = await lockOpenIncident(tx, key);
  if (!open) return false;
  const fresh = await addNote(tx, context, open, note);
  if (Object.keys(figures).length > 0) await writeIncident(tx, open.id, { figures });
  return fresh;
}

/** It is over. */
export async function closeIncident(tx: Transaction, context: Context, key: IncidentKey, note: IncidentNote, figures: Record<string, unknown> = {}): Promise<void> {
  const open = await lockOpenIncident(tx, key);
  if (!open) return;
  await addNote(tx, context, open, { ...note, kind: "end" });
  const closedAt = note.at ?? context.clock.now();
  await writeIncident(tx, open.id, { closedAt, figures: { ...figures, totalMs: closedAt.getTime() - open.openedAt.getTime() } });
}

async function addNote(tx: Transaction, context: Context, row: Pick<IncidentRow, "id" | "clusterId">, note: IncidentNote): Promise<boolean> {
  const text = textOf(note.said);
  if (await hasEntry(tx, row.id, text)) return false;
  const entry: IncidentEntryRow = { id: mintId("incidentEntry", context), incidentId: row.id, at: note.at ?? context.clock.now(), kind: note.kind, text, words: wordsOf(note.said), detail: note.detail ?? {} };
  await insertEntry(tx, entry);
  await announce(tx, { organizationId: null, topic: "cluster", id: row.clusterId });
  return true;
}
