import { boolean, index, pgTable, text } from "drizzle-orm/pg-core";
import { bigCount, count, createdAt, id, moment, organizationId } from "../columns";

/** One use, thirty seconds. The id is the sha256 of the secret that the browser got. */
export const consoleTicket = pgTable("console_ticket", {
  id: id(),
  organizationId: organizationId().notNull(),
  instanceId: text("instance_id").notNull(),
  userId: text("user_id").notNull(),
  userSessionId: text("user_session_id"),
  kind: text("kind", { enum: ["vnc", "serial"] }).notNull(),
  viewOnly: boolean("view_only").notNull().default(false),
  /** The use of a desktop that it is for: the console ends with it. Null for a machine's own console. */
  desktopSessionId: text("desktop_session_id"),
  /** Text may go into the guest, and out of it. The gateway holds to these; the page only shows them. */
  clipboardIn: boolean("clipboard_in").notNull().default(true),
  clipboardOut: boolean("clipboard_out").notNull().default(true),
  /** The viewer may change the size of the guest's screen. */
  remoteResize: boolean("remote_resize").notNull().default(true),
  /** Without input for so long it is closed; null leaves it to the gateway. */
  idleSeconds: count("idle_seconds"),
  createdAt: createdAt(),
  expiresAt: moment("expires_at").notNull(),
  redeemedAt: moment("redeemed_at"),
});

export const consoleSession = pgTable(
  "console_session",
  {
    id: id(),
    organizationId: organizationId().notNull(),
    instanceId: text("instance_id").notNull(),
    userId: text("user_id").notNull(),
    userSessionId: text("user_session_id"),
    kind: text("kind", { enum: ["vnc", "serial"] }).notNull(),
    viewOnly: boolean("view_only").notNull().default(false),
    desktopSessionId: text("desktop_session_id"),
    gateway: text("gateway").notNull(),
    startedAt: moment("started_at").notNull(),
    /** Written by the gateway, or by whoever wants it to end (the gateway obeys). */
    endedAt: moment("ended_at"),
    endReason: text("end_reason"),
    bytesToClient: bigCount("bytes_to_client").notNull().default(0),
    bytesFromClient: bigCount("bytes_from_client").notNull().default(0),
  },
  (t) => [index("console_session_open").on(t.instanceId, t.endedAt)],
);
