import { Problem } from "@/server/platform/errors";
import { sentence } from "@/server/platform/sentences";
import type { InstanceRow } from "../types";

export const LIFECYCLES = ["active", "trash", "purging", "purged"] as const;
export type Lifecycle = (typeof LIFECYCLES)[number];
export type InstanceVerb = "start" | "stop" | "reboot" | "rename" | "resize" | "rebuild" | "delete" | "restore" | "purge" | "suspend";

/** Which verbs a tenant or operator may use on an instance in which stretch of its life. */
export const ALLOWED_VERBS: Readonly<Record<Lifecycle, readonly InstanceVerb[]>> = {
  active: ["start", "stop", "suspend", "reboot", "rename", "resize", "rebuild", "delete"],
  trash: ["restore", "purge"],
  purging: ["purge"],
  purged: [],
};

export function lifecycleOf(row: Pick<InstanceRow, "deletedAt" | "purgeAfter" | "purgedAt">, now: Date): Lifecycle {
  if (row.purgedAt) return "purged";
  if (!row.deletedAt) return "active";
  return row.purgeAfter && row.purgeAfter.getTime() <= now.getTime() ? "purging" : "trash";
}

const WHY_NOT = { active: "refused-not-in-trash", trash: "refused-in-trash", purging: "refused-purging", purged: "refused-purged" } as const satisfies Readonly<Record<Lifecycle, string>>;

/** What these change would not fit the memory that was put aside. */
const NEEDS_AWAKE: readonly InstanceVerb[] = ["reboot", "resize", "rebuild"];

/** Throws a `conflict` for what cannot be done to a machine that is put aside with its memory. */
export function requireAwake(row: Pick<InstanceRow, "id" | "name" | "desiredPower">, verb: InstanceVerb): void {
  if (row.desiredPower !== "suspended" || !NEEDS_AWAKE.includes(verb)) return;
  throw new Problem("conflict", sentence("refused-asleep", { verb, instance: row.name }), { instanceId: row.id, verb });
}

/** Throws a `conflict` that says why the verb is not for an instance in this stretch of its life. */
export function requireVerb(row: Pick<InstanceRow, "id" | "name" | "deletedAt" | "purgeAfter" | "purgedAt">, verb: InstanceVerb, now: Date): void {
  const lifecycle = lifecycleOf(row, now);
  if (ALLOWED_VERBS[lifecycle].includes(verb)) return;
  throw new Problem("conflict", sentence(WHY_NOT[lifecycle], { verb, instance: row.name }), { instanceId: row.id, verb, lifecycle });
}
