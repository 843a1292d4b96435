import { jsonb, pgTable, text, index } from "drizzle-orm/pg-core";
import { bigCount, count, createdAt, id, moment } from "../columns";

/** Who runs a loop now. The epoch rises with every new holder; writes of an older holder are refused. */
export const loopLease = pgTable("loop_lease", {
  name: text("name").primaryKey(),
  holder: text("holder").notNull(),
  epoch: bigCount("epoch").notNull(),
  expiresAt: moment("expires_at").notNull(),
});

/** The last run of each loop, for the operator's page. */
export const loopStatus = pgTable("loop_status", {
  name: text("name").primaryKey(),
  worker: text("worker").notNull(),
  lastStartedAt: moment("last_started_at").notNull(),
  lastFinishedAt: moment("last_finished_at"),
  lastDurationMs: count("last_duration_ms"),
  lastError: text("last_error"),
  lastErrorAt: moment("last_error_at"),
  /** Things that the last run left to do. */
  backlog: count("backlog").notNull().default(0),
  runs: bigCount("runs").notNull().default(0),
  failures: bigCount("failures").notNull().default(0),
});

/** Facts to tell the outside, written in the transaction that made them true. */
export const outbox = pgTable(
  "outbox",
  {
    id: id(),
    topic: text("topic").notNull(),
    organizationId: text("subject_organization_id"),
    payload: jsonb("payload").$type<Record<string, unknown>>().notNull(),
    createdAt: createdAt(),
    attempts: count("attempts").notNull().default(0),
    notBefore: moment("not_before").notNull(),
    sentAt: moment("sent_at"),
    lastError: text("last_error"),
  },
  (t) => [index("outbox_open").on(t.sentAt, t.notBefore)],
);
