import { z } from "zod";
import { INSTANCE_STATUSES } from "./types";

/** cloud-init of common clouds takes 16 KiB of user data; more belongs on a server that the guest fetches from. */
export const USER_DATA_LIMIT_BYTES = 16 * 1024;
/** The trash keeps a deleted instance for a day: long enough to notice, short enough that its disk is not paid for long. */
export const TRASH_SECONDS = 24 * 3600;
/** Forty keys in a seed are plenty; more is a list that nobody reads. */
const MAX_SSH_KEYS = 40;

export const instanceName = z
  .string()
  .min(1, { error: "is missing" })
  .max(63, { error: "has more than 63 characters, the most a host name can have" })
  .regex(/^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/, { error: "must be a host name: lower-case letters a-z, digits and -, beginning and ending with a letter or digit" });

const id = z.string().min(1).max(64);

export const userData = z
  .string()
  .refine((text) => new TextEncoder().encode(text).length <= USER_DATA_LIMIT_BYTES, { error: "is larger than 16 KiB" })
  .refine((text) => !text.includes("\0"), { error: "holds a NUL character" });

export const createInstanceInput = z.object({
  name: instanceName,
  flavorId: id,
  imageId: id,
  sshKeyIds: z.array(id).max(MAX_SSH_KEYS).default([]),
  userData: userData.default(""),
  antiAffinityGroup: z.string().min(1).max(63).regex(/^[A-Za-z0-9][A-Za-z0-9_.-]*$/, { error: "must be a word of letters, digits, _ . -" }).nullish(),
  idempotencyKey: z.string().min(1).max(200).optional(),
  clusterId: id.optional(),
  /** A private network of the organization; without one it is the cluster's shared one. */
  networkId: id.nullish(),
});
export type CreateInstanceInput = z.input<typeof createInstanceInput>;
export type ParsedOrder = z.output<typeof createInstanceInput>;

export const instanceRef = z.object({ instanceId: id });
export type InstanceRef = z.input<typeof instanceRef>;

export const stopInstanceInput = instanceRef.extend({
  /** How long the guest may take to shut down before its power is cut. */
  graceSeconds: z.number().int().min(0).max(3600).optional(),
  /** Cuts the power at once. */
  force: z.boolean().optional(),
});
export type StopInstanceInput = z.input<typeof stopInstanceInput>;

export const rebootInstanceInput = instanceRef.extend({ mode: z.enum(["guest", "reset"]).default("guest") });
export type RebootInstanceInput = z.input<typeof rebootInstanceInput>;

export const renameInstanceInput = instanceRef.extend({ name: instanceName });
export type RenameInstanceInput = z.input<typeof renameInstanceInput>;

export const resizeInstanceInput = instanceRef
  .extend({ flavorId: id.optional(), diskGiB: z.number().int().min(1).max(65_536).optional() })
  .refine((input) => input.flavorId !== undefined || input.diskGiB !== undefined, { error: "names neither a flavor nor a disk size" });
export type ResizeInstanceInput = z.input<typeof resizeInstanceInput>;

export const rebuildInstanceInput = instanceRef.extend({ imageId: id });
export type RebuildInstanceInput = z.input<typeof rebuildInstanceInput>;

/** The trash period can be shortened by operators and tests; a week is the most that its disk is kept. */
export const deleteInstanceInput = instanceRef.extend({ trashSeconds: z.number().int().min(0).max(7 * 24 * 3600).default(TRASH_SECONDS) });
export type DeleteInstanceInput = z.input<typeof deleteInstanceInput>;

export const restoreInstanceInput = instanceRef.extend({ name: instanceName.optional() });
export type RestoreInstanceInput = z.input<typeof restoreInstanceInput>;

export const listInstancesInput = z.object({
  cursor: z.string().max(500).nullish(),
  limit: z.number().int().min(1).max(100).default(50),
  search: z.string().trim().max(100).optional(),
  status: z.union([z.enum(INSTANCE_STATUSES), z.array(z.enum(INSTANCE_STATUSES)).max(INSTANCE_STATUSES.length)]).optional(),
  sort: z.enum(["name", "createdAt", "status"]).default("createdAt"),
  direction: z.enum(["asc", "desc"]).default("desc"),
});
export type ListInstancesInput = z.input<typeof listInstancesInput>;

/** A moment that a calendar has. */
const timelineMoment = z.date().min(new Date("2000-01-01T00:00:00Z"), { error: "lies before the year 2000" }).max(new Date("2200-01-01T00:00:00Z"), { error: "lies after the year 2200" });

/** `from` and `to`: only what happened then, both ends included. */
export const timelineInput = instanceRef.extend({ from: timelineMoment.optional(), to: timelineMoment.optional(), cursor: z.string().max(500).nullish(), limit: z.number().int().min(1).max(100).default(50) });
export type TimelineInput = z.input<typeof timelineInput>;
