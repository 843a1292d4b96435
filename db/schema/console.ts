import { boolean, index, pgTable, text } from "drizzle-orm/pg-core";
import { bigCount, count, createdAt, id, moment, organizationId } from "../columns";

/** A screen, a serial port, or the folder through which a desktop's person exchanges files with it. */
export const CONSOLE_KINDS = ["vnc", "serial", "files"] as const;
export const FILE_WAYS = ["list", "in", "out"] as const;

/** One use, thirty seconds. The id is the sha256 of the secret that the browser got. */
export const consoleTicket = pgTable("console_ticket", {
  id: id(),
  organizationId: organizationId().notNull(),
  instanceId: text("instance_id").notNull(),
  userId: text("user_id").notNull(),
  userSessionId: text("user_session_id"),
  kind: text("kind", { enum: CONSOLE_KINDS }).notNull(),
  viewOnly: boolean("view_only").notNull().default(false),
  /** The use of a desktop that it is for: the console ends with it. Null for a machine's own console. */
  desktopSessionId: text("desktop_session_id"),
  /** Text may go into the guest, and out of it. The gateway holds to these; the page only shows them. */
  clipboardIn: boolean("clipboard_in").notNull().default(true),
  clipboardOut: boolean("clipboard_out").notNull().default(true),
  /** The viewer may change the size of the guest's screen. */
  remoteResize: boolean("remote_resize").notNull().default(true),
  /** What a ticket for files allows: to see which there are, to bring one in, to take one out. Null for every other kind. */
  fileWay: text("file_way", { enum: FILE_WAYS }),
  fileName: text("file_name"),
  /** The size of what is brought in; the most that may be taken out. */
  fileBytes: bigCount("file_bytes"),
  /** Without input for so long it is closed; null leaves it to the gateway. */
  idleSeconds: count("idle_seconds"),
  createdAt: createdAt(),
  expiresAt: moment("expires_at").notNull(),
  redeemedAt: moment("redeemed_at"),
});

/** Gateways that say again and again that they live, by Postgres' clock; the consoles of one that went silent are ended for it. */
export const consoleGateway = pgTable("console_gateway", {
  name: text("name").primaryKey(),
  seenAt: moment("seen_at").notNull(),
});

export const consoleSession = pgTable(
  "console_session",
  {
    id: id(),
    organizationId: organizationId().notNull(),
    instanceId: text("instance_id").notNull(),
    userId: text("user_id").notNull(),
    userSessionId: text("user_session_id"),
    kind: text("kind", { enum: CONSOLE_KINDS }).notNull(),
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
