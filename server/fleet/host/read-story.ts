import type { Context } from "@/server/platform/context";
import { notFound } from "@/server/platform/errors";
import { sentences, storedSentence, type Sentence, type Words } from "@/server/platform/sentences";
import { inTransaction } from "@/server/platform/transaction";
import { pageDecisions } from "../decision/store";
import { fencingsOf } from "../fencing/store";
import { pageIncidents } from "../incident/store";
import { powerEventsOf } from "../power/store";
import type { FencingRow } from "../types";
import { findHost } from "./store";

/** One line of a host's story. */
export interface StoryLine {
  readonly at: Date;
  readonly kind: "decision" | "power" | "fencing" | "incident";
  /** Kind of the decision, or the state that its power came to. */
  readonly what: string;
  readonly text: string;
  /** The same as data; null in rows of before. */
  readonly words: readonly Words[] | null;
  readonly id: string;
}

const LINES = 200;
const DAYS = 30;
const DAY_MS = 86_400_000;

/** What was decided about a host, what its power did, and what went wrong: the last month, newest first. */
export function readHostStory(context: Context, hostId: string): Promise<readonly StoryLine[]> {
  return inTransaction(context, async (tx) => {
    const host = await findHost(tx, hostId);
    if (!host) throw notFound("host", hostId);
    const to = context.clock.now();
    const decisions = (await pageDecisions(tx, { hostId, limit: LINES })).rows.map((row): StoryLine => ({ at: row.createdAt, kind: "decision", what: row.kind, text: row.reason, words: row.reasonWords, id: row.id }));
    const power = (await powerEventsOf(tx, { clusterId: host.clusterId, hostId }, new Date(to.getTime() - DAYS * DAY_MS), new Date(to.getTime() + 1))).map((row): StoryLine => ({ at: row.at, kind: "power", what: row.to, text: row.reason, words: row.reasonWords, id: row.id }));
    const fencings = (await fencingsOf(tx, hostId, LINES)).map((row): StoryLine => ({ at: row.confirmedAt ?? row.requestedAt, kind: "fencing", what: row.state, ...sayFencing(row), id: row.id }));
    const incidents = (await pageIncidents(tx, { hostId, limit: LINES })).map((row): StoryLine => ({ at: row.openedAt, kind: "incident", what: row.kind, text: row.title, words: row.titleWords, id: row.id }));
    return [...decisions, ...power, ...fencings, ...incidents].sort((a, b) => b.at.getTime() - a.at.getTime() || (a.id < b.id ? 1 : -1)).slice(0, LINES);
  });
}

/** Why it was fenced, and what stood against it where it was not. */
function sayFencing(row: FencingRow): Sentence {
  const reason = storedSentence(row.reason, row.reasonWords);
  return row.lastError && row.state !== "confirmed" ? sentences(reason, storedSentence(row.lastError, row.lastErrorWords)) : reason;
}
