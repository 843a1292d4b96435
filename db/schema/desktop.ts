import { sql } from "drizzle-orm";
import { boolean, check, index, jsonb, pgTable, primaryKey, text, uniqueIndex } from "drizzle-orm/pg-core";
import { count, createdAt, id, moment, oneOf, organizationId } from "../columns";
import { flavor, image } from "./catalog";
import { instance, network } from "./compute";
import { cluster } from "./fleet";
import { GUEST_KEYBOARDS, GUEST_LOCALES, organization } from "./tenancy";

export const POOL_KINDS = ["persistent", "floating"] as const;
export const DESKTOP_STATES = ["provisioning", "ready", "in-session", "disconnected", "suspended", "resetting", "retiring", "retired", "failed"] as const;
export const GOLDEN_VERSION_STATES = ["checking", "checked", "published", "failed", "retired"] as const;

/** What desktops are made of; its versions never change. */
export const goldenImage = pgTable(
  "golden_image",
  {
    id: id(),
    organizationId: organizationId().notNull().references(() => organization.id),
    name: text("name").notNull(),
    createdAt: createdAt(),
    createdBy: text("created_by").notNull(),
    retiredAt: moment("retired_at"),
  },
  (t) => [uniqueIndex("golden_image_name").on(t.organizationId, t.name).where(sql`retired_at is null`)],
);

export const goldenVersion = pgTable(
  "golden_version",
  {
    id: id(),
    organizationId: organizationId().notNull().references(() => organization.id),
    goldenImageId: text("golden_image_id").notNull().references(() => goldenImage.id),
    number: count("number").notNull(),
    imageId: text("image_id").notNull().references(() => image.id),
    state: text("state", { enum: GOLDEN_VERSION_STATES }).notNull(),
    /** The machine that proves that it boots; gone when the check is over. */
    checkInstanceId: text("check_instance_id"),
    checkStartedAt: moment("check_started_at"),
    checkedAt: moment("checked_at"),
    /** What the check saw: boots, agent, screen, each with its time; or why it failed. */
    checkDetail: jsonb("check_detail").$type<Record<string, unknown>>(),
    /** PNG of the screen at the check, base64. */
    screenshot: text("screenshot"),
    note: text("note").notNull().default(""),
    createdAt: createdAt(),
    createdBy: text("created_by").notNull(),
    publishedAt: moment("published_at"),
  },
  (t) => [uniqueIndex("golden_version_number").on(t.goldenImageId, t.number), check("golden_version_state", oneOf(t.state, GOLDEN_VERSION_STATES))],
);

/** How many stand ready at a time of the week, in the organization's own zone. */
export interface ReadySchedule {
  readonly weekdays: readonly number[];
  /** Minutes after midnight, half-open. */
  readonly fromMinute: number;
  readonly toMinute: number;
  readonly ready: number;
  readonly onHolidays: boolean;
}

/** What a guest was told of its person, and what became of each part of what it was told. */
export interface Personalisation {
  readonly locale: (typeof GUEST_LOCALES)[number];
  readonly keyboard: (typeof GUEST_KEYBOARDS)[number];
  readonly outcomes: Readonly<Record<"hostName" | "timeZone" | "fullName" | "locale" | "keyboard", "applied" | "no-tools" | "not-installed" | "no-account" | "failed">>;
}

export const desktopPool = pgTable(
  "desktop_pool",
  {
    id: id(),
    organizationId: organizationId().notNull().references(() => organization.id),
    clusterId: text("cluster_id").notNull().references(() => cluster.id),
    name: text("name").notNull(),
    kind: text("kind", { enum: POOL_KINDS }).notNull(),
    /** VNC through the console gateway is the one way today; others may come a pool at a time. */
    transport: text("transport", { enum: ["vnc"] }).notNull().default("vnc"),
    goldenImageId: text("golden_image_id").notNull().references(() => goldenImage.id),
    /** New desktops are made of it, and existing ones become it. */
    versionId: text("version_id").notNull().references(() => goldenVersion.id),
    /** Until then existing desktops change at their next log-off; afterwards they are changed. Null: no such time. */
    rolloutDeadline: moment("rollout_deadline"),
    rolloutPaused: boolean("rollout_paused").notNull().default(false),
    flavorId: text("flavor_id").notNull().references(() => flavor.id),
    /** The private network that its desktops are in; null: the cluster's shared one. */
    networkId: text("network_id").references(() => network.id),
    minimumReady: count("minimum_ready").notNull().default(0),
    maximum: count("maximum").notNull(),
    schedules: jsonb("schedules").$type<ReadySchedule[]>().notNull().default([]),
    /** As many stand ready, besides, as came at this time on days like this one. */
    learnsReady: boolean("learns_ready").notNull().default(false),
    clipboardIn: boolean("clipboard_in").notNull().default(true),
    clipboardOut: boolean("clipboard_out").notNull().default(true),
    remoteResize: boolean("remote_resize").notNull().default(true),
    /** Files may be brought into the guest, and taken out of it. */
    filesIn: boolean("files_in").notNull().default(false),
    filesOut: boolean("files_out").notNull().default(false),
    /** The largest file that goes either way. */
    fileLimitMiB: count("file_limit_mib").notNull().default(64),
    /** What happens in its sessions (never the picture, keys or texts) goes into the audit trail. */
    recordsEvents: boolean("records_events").notNull().default(false),
    /** For people who chose nothing of their own; null: what goes with the person's language in the portal. */
    locale: text("locale", { enum: GUEST_LOCALES }),
    keyboard: text("keyboard", { enum: GUEST_KEYBOARDS }),
    /** Unused for so long it is suspended (or, of a floating pool, given back and reset). */
    idleMinutes: count("idle_minutes").notNull().default(30),
    /** A session ends after this, whatever is done in it. */
    sessionMinutes: count("session_minutes").notNull().default(720),
    nextNumber: count("next_number").notNull().default(1),
    /** Somebody who runs the pool looks at pictures of its desktops until then; null: nobody does, and none are taken. */
    picturesUntil: moment("pictures_until"),
    /** Why the loop cannot make what the pool should have; null while it can. */
    troubleCode: text("trouble_code"),
    troubleText: text("trouble_text"),
    createdAt: createdAt(),
    createdBy: text("created_by").notNull(),
    updatedAt: moment("updated_at").notNull(),
    deletedAt: moment("deleted_at"),
  },
  (t) => [
    uniqueIndex("desktop_pool_name").on(t.organizationId, t.name).where(sql`deleted_at is null`),
    check("desktop_pool_kind", oneOf(t.kind, POOL_KINDS)),
    check("desktop_pool_sizes", sql`${t.minimumReady} >= 0 and ${t.maximum} >= 1 and ${t.minimumReady} <= ${t.maximum}`),
    check("desktop_pool_locale", sql`${t.locale} is null or ${oneOf(t.locale, GUEST_LOCALES)}`),
    check("desktop_pool_keyboard", sql`${t.keyboard} is null or ${oneOf(t.keyboard, GUEST_KEYBOARDS)}`),
    check("desktop_pool_limits", sql`${t.idleMinutes} >= 1 and ${t.sessionMinutes} >= 5`),
  ],
);

export const desktop = pgTable(
  "desktop",
  {
    id: id(),
    organizationId: organizationId().notNull().references(() => organization.id),
    poolId: text("pool_id").notNull().references(() => desktopPool.id),
    number: count("number").notNull(),
    /** Null until it was ordered. */
    instanceId: text("instance_id").references(() => instance.id),
    versionId: text("version_id").notNull().references(() => goldenVersion.id),
    state: text("state", { enum: DESKTOP_STATES }).notNull(),
    stateChangedAt: moment("state_changed_at").notNull(),
    stateReason: text("state_reason"),
    /** Whose it is: for good in a persistent pool, for one session in a floating one. */
    assignedUserId: text("assigned_user_id"),
    /** Who has used it since its disk was last made. The wall: nobody else is ever given it. */
    usedByUserId: text("used_by_user_id"),
    /** The rebuild generation whose disk nobody has used; clean means that the machine was seen on it. */
    wipeGeneration: count("wipe_generation").notNull().default(1),
    /** Since when nobody works in it. */
    unusedSince: moment("unused_since"),
    /** Its guest was told who it is, and so its agent answered, for the first time since it was made or went on. */
    personalisedAt: moment("personalised_at"),
    /** What it was told last, as one text to compare with what it should be told. */
    personalisedAs: text("personalised_as"),
    personalisation: jsonb("personalisation").$type<Personalisation>(),
    createdAt: createdAt(),
    retiredAt: moment("retired_at"),
  },
  (t) => [
    uniqueIndex("desktop_number").on(t.poolId, t.number),
    uniqueIndex("desktop_instance").on(t.instanceId),
    index("desktop_pool_state").on(t.poolId, t.state),
    check("desktop_state", oneOf(t.state, DESKTOP_STATES)),
    check("desktop_wiped_between_people", sql`${t.assignedUserId} is null or ${t.usedByUserId} is null or ${t.assignedUserId} = ${t.usedByUserId}`),
    check("desktop_session_has_person", sql`${t.state} not in ('in-session', 'disconnected') or ${t.assignedUserId} is not null`),
  ],
);

/** Whose a desktop was, from the moment that it was given to the moment that it was taken back to be made anew: what it cost meanwhile is theirs. */
export const desktopHolding = pgTable(
  "desktop_holding",
  {
    organizationId: organizationId().notNull().references(() => organization.id),
    desktopId: text("desktop_id").notNull().references(() => desktop.id),
    userId: text("user_id").notNull(),
    startedAt: moment("started_at").notNull(),
    /** Null while it is still theirs. */
    endedAt: moment("ended_at"),
  },
  (t) => [
    primaryKey({ columns: [t.desktopId, t.startedAt] }),
    uniqueIndex("desktop_holding_one").on(t.desktopId).where(sql`ended_at is null`),
    index("desktop_holding_organization").on(t.organizationId, t.startedAt),
    check("desktop_holding_order", sql`${t.endedAt} is null or ${t.startedAt} <= ${t.endedAt}`),
  ],
);

/** A small picture of what a desktop shows, for those who run its pool; gone when the desktop is made anew. */
export const desktopPicture = pgTable("desktop_picture", {
  desktopId: text("desktop_id").primaryKey().references(() => desktop.id),
  organizationId: organizationId().notNull().references(() => organization.id),
  /** PNG, base64. */
  png: text("png").notNull(),
  takenAt: moment("taken_at").notNull(),
});

/** People who are given desktops together. */
export const desktopGroup = pgTable(
  "desktop_group",
  {
    id: id(),
    organizationId: organizationId().notNull().references(() => organization.id),
    name: text("name").notNull(),
    createdAt: createdAt(),
    createdBy: text("created_by").notNull(),
  },
  (t) => [uniqueIndex("desktop_group_name").on(t.organizationId, sql`lower(${t.name})`)],
);

export const desktopGroupMember = pgTable(
  "desktop_group_member",
  {
    organizationId: organizationId().notNull().references(() => organization.id),
    groupId: text("group_id").notNull().references(() => desktopGroup.id),
    /** Lower-cased; it counts from the moment that its owner is a member of the organization. */
    email: text("email").notNull(),
    createdAt: createdAt(),
    createdBy: text("created_by").notNull(),
  },
  (t) => [primaryKey({ columns: [t.groupId, t.email] }), index("desktop_group_member_email").on(t.organizationId, t.email), check("desktop_group_member_lower", sql`${t.email} = lower(${t.email})`)],
);

/** The right of a person, of a group or of everybody to a desktop of a pool. */
export const desktopAssignment = pgTable(
  "desktop_assignment",
  {
    id: id(),
    organizationId: organizationId().notNull().references(() => organization.id),
    poolId: text("pool_id").notNull().references(() => desktopPool.id),
    /** Lower-cased; it counts from the moment that its owner is a member. Neither this nor a group: everybody in the organization. */
    email: text("email"),
    groupId: text("group_id").references(() => desktopGroup.id),
    createdAt: createdAt(),
    createdBy: text("created_by").notNull(),
  },
  (t) => [
    uniqueIndex("desktop_assignment_one").on(t.poolId, sql`coalesce(${t.email}, '')`, sql`coalesce(${t.groupId}, '')`),
    check("desktop_assignment_lower", sql`${t.email} is null or ${t.email} = lower(${t.email})`),
    check("desktop_assignment_whom", sql`${t.email} is null or ${t.groupId} is null`),
  ],
);

export const desktopSession = pgTable(
  "desktop_session",
  {
    id: id(),
    organizationId: organizationId().notNull().references(() => organization.id),
    poolId: text("pool_id").notNull().references(() => desktopPool.id),
    userId: text("user_id").notNull(),
    /** Null while it waits in the queue. */
    desktopId: text("desktop_id").references(() => desktop.id),
    /** What the person was given: a running one, one that goes on, one that starts, one that is made, a place in the queue. */
    given: text("given", { enum: ["running", "resuming", "starting", "cloning", "queued"] }).notNull(),
    askedAt: moment("asked_at").notNull(),
    /** The desktop could be opened. */
    readyAt: moment("ready_at"),
    /** Somebody looked at it first. */
    firstOpenedAt: moment("first_opened_at"),
    /** As the person's page measured it once: from asking for the screen to its first picture, and the round trip to the guest's screen. */
    connectMs: count("connect_ms"),
    latencyMs: count("latency_ms"),
    /** How many events the person's own page has told; no more than a bounded number is kept. */
    toldEvents: count("told_events").notNull().default(0),
    endedAt: moment("ended_at"),
    endReason: text("end_reason"),
  },
  (t) => [
    uniqueIndex("desktop_session_one_person").on(t.desktopId).where(sql`ended_at is null`),
    uniqueIndex("desktop_session_once").on(t.poolId, t.userId).where(sql`ended_at is null`),
    index("desktop_session_history").on(t.organizationId, t.askedAt),
    index("desktop_session_asked").on(t.askedAt),
    check("desktop_session_measured", sql`(${t.connectMs} is null or ${t.connectMs} >= 0) and (${t.latencyMs} is null or ${t.latencyMs} >= 0)`),
  ],
);
