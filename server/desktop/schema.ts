import { z } from "zod";
import { guestKeyboard, guestLocale } from "@/server/tenancy/schema";

const id = z.string().min(1).max(64);
const name = z.string().trim().min(1, { error: "is missing" }).max(40, { error: "has more than 40 characters" }).regex(/^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/, { error: "must be lower-case letters, digits and -, because the machines are named after it" });

/** More would be a data centre of its own; the quota decides long before. */
const MOST_DESKTOPS = 10_000;
export const MOST_PEOPLE = 5_000;
const MINUTES_A_DAY = 1_440;

const schedule = z
  .object({
    weekdays: z.array(z.number().int().min(0, { error: "is a day from 0 (Sunday) to 6" }).max(6)).min(1).max(7),
    fromMinute: z.number().int().min(0).max(MINUTES_A_DAY - 1),
    toMinute: z.number().int().min(1).max(MINUTES_A_DAY),
    ready: z.number().int().min(0).max(MOST_DESKTOPS),
    onHolidays: z.boolean().default(false),
  })
  .refine((one) => one.fromMinute < one.toMinute, { error: "ends before it begins; write a night as two parts" });

const settings = z.object({
  minimumReady: z.number().int().min(0).max(MOST_DESKTOPS),
  maximum: z.number().int().min(1).max(MOST_DESKTOPS),
  schedules: z.array(schedule).max(20),
  learnsReady: z.boolean(),
  clipboardIn: z.boolean(),
  clipboardOut: z.boolean(),
  remoteResize: z.boolean(),
  filesIn: z.boolean(),
  filesOut: z.boolean(),
  /** Larger files want a share of their own, and not the channel of a guest's agent. */
  fileLimitMiB: z.number().int().min(1).max(1_024),
  /** What happens in sessions (never the picture, ordinary keys or texts) goes into the audit trail; the person is told. */
  recordsEvents: z.boolean(),
  /** For people who chose nothing of their own; null: what goes with the person's language in the portal. */
  locale: guestLocale.nullable(),
  keyboard: guestKeyboard.nullable(),
  idleMinutes: z.number().int().min(1).max(7 * MINUTES_A_DAY),
  sessionMinutes: z.number().int().min(5).max(30 * MINUTES_A_DAY),
});

export const createPoolInput = settings
  .partial({ schedules: true, learnsReady: true, clipboardIn: true, clipboardOut: true, remoteResize: true, filesIn: true, filesOut: true, fileLimitMiB: true, recordsEvents: true, locale: true, keyboard: true, idleMinutes: true, sessionMinutes: true, minimumReady: true })
  .extend({ name, kind: z.enum(["persistent", "floating"]), goldenImageId: id, flavorId: id, networkId: id.nullish() });
export type CreatePoolInput = z.input<typeof createPoolInput>;

export const poolRef = z.object({ poolId: id });
export type PoolRef = z.infer<typeof poolRef>;

export const updatePoolInput = poolRef.extend(settings.partial().shape);
export type UpdatePoolInput = z.input<typeof updatePoolInput>;

export const rollOutInput = poolRef.extend({ versionId: id, deadline: z.date().nullish(), paused: z.boolean().default(false) });
export type RollOutInput = z.input<typeof rollOutInput>;

const email = z.string().trim().toLowerCase().pipe(z.email({ error: "is no e-mail address" }));
/** Several at once, as out of a list. */
const emails = z.array(email).max(MOST_PEOPLE);
/** A line has some 30 characters; lists of a whole organization stay far below. */
const MOST_CHARACTERS = 1_000_000;

export const assignInput = poolRef.extend({
  emails: emails.default([]),
  groupIds: z.array(id).max(100).default([]),
  /** The whole organization. */
  everybody: z.boolean().default(false),
});
export type AssignInput = z.input<typeof assignInput>;

export const importPeopleInput = z
  .object({
    /** Give them a right to the pool, or put them into the group: one of the two. */
    poolId: id.optional(),
    groupId: id.optional(),
    csv: z.string().min(1, { error: "is empty" }).max(MOST_CHARACTERS, { error: "is larger than a list of people" }),
    /** Say what would come of it, and write nothing. */
    dryRun: z.boolean().default(false),
  })
  .refine((one) => (one.poolId === undefined) !== (one.groupId === undefined), { error: "name a pool or a group, and not both" });
export type ImportPeopleInput = z.input<typeof importPeopleInput>;

export const createGroupInput = z.object({ name: z.string().trim().min(1, { error: "is missing" }).max(60, { error: "has more than 60 characters" }) });
export type CreateGroupInput = z.input<typeof createGroupInput>;

export const groupRef = z.object({ groupId: id });
export type GroupRef = z.infer<typeof groupRef>;

export const groupMembersInput = groupRef.extend({ emails: emails.min(1) });
export type GroupMembersInput = z.input<typeof groupMembersInput>;

export const assignmentRef = z.object({ assignmentId: id });
export type AssignmentRef = z.infer<typeof assignmentRef>;

export const addVersionInput = z.object({ goldenImageName: z.string().trim().min(1).max(60), imageId: id, note: z.string().max(500).default("") });
export type AddVersionInput = z.input<typeof addVersionInput>;

export const versionRef = z.object({ versionId: id });
export type VersionRef = z.infer<typeof versionRef>;

export const sessionRef = z.object({ sessionId: id });
export type SessionRef = z.infer<typeof sessionRef>;

/** A screen that takes longer than an hour to come is not measured any more. */
const MOST_MS = 3_600_000;
export const reportSessionInput = sessionRef.extend({ connectMs: z.number().int().min(0).max(MOST_MS), latencyMs: z.number().int().min(0).max(MOST_MS) });
export type ReportSessionInput = z.infer<typeof reportSessionInput>;

/** What only the page knows: that it saved a picture of the screen, and how long a text was that it took out of the guest. */
export const tellEventInput = z.discriminatedUnion("kind", [
  sessionRef.extend({ kind: z.literal("screenshot") }),
  sessionRef.extend({ kind: z.literal("clipboard-out"), characters: z.number().int().min(0).max(100_000_000) }),
]);
export type TellEventInput = z.infer<typeof tellEventInput>;

export const sessionTicketInput = sessionRef.extend({ userSessionId: id.nullish() });
export type SessionTicketInput = z.input<typeof sessionTicketInput>;

export const desktopRef = z.object({ desktopId: id });
export type DesktopRef = z.infer<typeof desktopRef>;

export const assignDesktopInput = desktopRef.extend({ email });
export type AssignDesktopInput = z.input<typeof assignDesktopInput>;

/** A name in the guest's folder for files, and no way out of it. */
const fileName = z.string().min(1, { error: "is missing" }).max(200, { error: "has more than 200 characters" }).regex(/^[^./\\\p{Cc}][^/\\\p{Cc}]*$/u, { error: "must not begin with a dot, and must have no slash and no line break" });
const MOST_FILE_BYTES = 1_024 * 1_048_576;

export const fileTicketInput = z.discriminatedUnion("way", [
  sessionRef.extend({ way: z.literal("list") }),
  sessionRef.extend({ way: z.literal("in"), name: fileName, sizeBytes: z.number().int().min(0).max(MOST_FILE_BYTES) }),
  sessionRef.extend({ way: z.literal("out"), name: fileName }),
]);
export type FileTicketInput = z.infer<typeof fileTicketInput>;
