import type { Context } from "@/server/platform/context";
import { sentence, type Sentence } from "@/server/platform/sentences";
import { inTransaction, type Transaction } from "@/server/platform/transaction";
import { wake } from "@/server/platform/wake";
import { requireProvider } from "@/server/tenancy";
import { targetOf } from "./rules";
import { countNew, insertEvents, postpone, selectCursor, selectNew, updateEvents, upsertCursor } from "./store";
import type { EventRow, EventTarget, IncomingEvent } from "./types";

const BATCH = 200;
/** The provider answers again within minutes; what it does not know after so many tries an operator has to see. */
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 5 * 60_000;
const CURSOR = "events";
/** Events may appear in the list a little after their own time; each reading begins this much before the last one's end. */
const OVERLAP_MS = 10 * 60_000;
/** The provider keeps events for 30 days. */
const KEPT_MS = 30 * 86_400_000;

/**
 * Takes events into the inbox, each once, and wakes the loop that works them off. Answers how many were new. Whether
 * they are genuine was decided before: this is called with verified ones only.
 */
export async function receiveEvents(context: Context, events: readonly IncomingEvent[], source: EventRow["source"]): Promise<number> {
  requireProvider(context);
  return inTransaction(context, async (tx) => {
    const now = context.clock.now();
    const made = await insertEvents(tx, events.map((event) => ({
      id: event.id, type: event.type, objectKind: event.objectKind, objectId: event.objectId, apiVersion: event.apiVersion, payload: { ...event.payload }, source, occurredAt: event.occurredAt, receivedAt: now,
      state: "new" as const, attempts: 0, notBefore: now, workedAt: null, note: null, noteWords: null,
    })));
    if (made.length > 0) await wake(tx, "work-inbox");
    return made.length;
  });
}

/** One object to look at, and the events that ask for it. */
export interface InboxJob {
  readonly target: EventTarget | null;
  readonly events: readonly EventRow[];
}

/** New events by the object that they are about: many events of one object need one look at it. */
export async function listInboxJobs(context: Context): Promise<{ readonly jobs: readonly InboxJob[]; readonly waiting: number }> {
  return inTransaction(
    context,
    async (tx) => {
      const groups = new Map<string, { target: EventTarget | null; events: EventRow[] }>();
      for (const event of await selectNew(tx, context.clock.now(), BATCH)) {
        const target = targetOf(event);
        const key = target === null ? "" : `${target.kind} ${target.id}`;
        const group = groups.get(key);
        if (group) group.events.push(event);
        else groups.set(key, { target, events: [event] });
      }
      return { jobs: [...groups.values()], waiting: await countNew(tx) };
    },
    { readOnly: true },
  );
}

/** The events are worked off: something was made of them (`done`), or nothing is to be made of them (`kept`). */
export async function noteWorked(tx: Transaction, context: Context, job: InboxJob, state: "done" | "kept", note: Sentence): Promise<void> {
  await updateEvents(tx, job.events.map((event) => event.id), { state, note: note.text, noteWords: note.words, workedAt: context.clock.now() });
}

/** They could not be worked off now. */
export async function postponeJob(context: Context, job: InboxJob, error: string): Promise<void> {
  const attempts = Math.max(...job.events.map((event) => event.attempts));
  const pause = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(attempts, 20)) * (0.75 + context.random.float() / 4);
  const note = sentence("event-failed", { error: error.slice(0, 1_000) });
  await inTransaction(context, (tx) => postpone(tx, job.events.map((event) => event.id), new Date(context.clock.nowMs() + pause), note));
}

/** From which moment on the provider's list has to be read; at first from the oldest that it keeps. */
export async function replayFrom(context: Context): Promise<Date> {
  const through = await inTransaction(context, (tx) => selectCursor(tx, CURSOR), { readOnly: true });
  const oldest = context.clock.nowMs() - KEPT_MS;
  return new Date(Math.max(oldest, (through?.getTime() ?? oldest) - OVERLAP_MS));
}

/** The list was read up to a moment. */
export async function noteReplayed(context: Context, through: Date): Promise<void> {
  await inTransaction(context, (tx) => upsertCursor(tx, CURSOR, through, context.clock.now()));
}
