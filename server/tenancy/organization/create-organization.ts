import type { Context } from "@/server/platform/context";
import { Problem } from "@/server/platform/errors";
import { sentence } from "@/server/platform/sentences";
import { mintId } from "@/server/platform/id";
import type { Transaction } from "@/server/platform/transaction";
import { announce } from "@/server/platform/wake";
import { recordAudit } from "../audit";
import { requireProvider } from "../rules";
import type { CreateOrganizationInput } from "./schema";
import { insertOrganization } from "./store";
import type { Organization } from "./types";

/**
 * Adds an organization in the caller's transaction, which also gives it its quota row: quota lies above tenancy, so the
 * front door and the seeds put the two together.
 */
export async function createOrganization(tx: Transaction, context: Context, input: CreateOrganizationInput): Promise<Organization> {
  requireProvider(context);
  const created = await insertOrganization(tx, { id: mintId("organization", context), ...input, standing: "good", createdAt: context.clock.now() });
  if (!created) throw new Problem("conflict", sentence("refused-slug-taken", { slug: input.slug }), { fields: { slug: ["is taken"] } });
  await announce(tx, { organizationId: created.id, topic: "organization", id: created.id });
  await recordAudit(tx, context, { action: "organization.created", targetKind: "organization", targetId: created.id, after: { slug: created.slug, name: created.name, currency: created.currency }, organizationId: created.id });
  return created;
}
