import type { Context } from "@/server/platform/context";
import { Problem } from "@/server/platform/errors";

/** The organization that a tenant's verb works in. */
export function requireOrganization(context: Context): string {
  if (context.organizationId === null) throw new Problem("bad-input", "This is done for an organization, and the request names none.");
  return context.organizationId;
}
