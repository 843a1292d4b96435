import { createHash } from "node:crypto";
import { and, eq } from "drizzle-orm";
import { idempotencyKey } from "@/db/schema/tenancy";
import type { Context } from "./context";
import { Problem } from "./errors";
import type { Transaction } from "./transaction";

/**
 * Claims a caller's key for an action, in the transaction that does it. Null: the key is new, go on. Otherwise the id of
 * what the first call made. Two calls at once: the second waits for the first to commit. The same key with another
 * input is refused.
 */
export async function claimIdempotencyKey(
  tx: Transaction,
  context: Context,
  claim: { readonly organizationId: string; readonly key: string; readonly action: string; readonly input: unknown; readonly targetId: string },
): Promise<string | null> {
  const { organizationId, key, action, targetId } = claim;
  const inputHash = createHash("sha256").update(JSON.stringify(claim.input)).digest("hex");
  const made = await tx.insert(idempotencyKey).values({ organizationId, key, action, inputHash, targetId, createdAt: context.clock.now() }).onConflictDoNothing().returning({ key: idempotencyKey.key });
  if (made.length > 0) return null;
  const [known] = await tx.select().from(idempotencyKey).where(and(eq(idempotencyKey.organizationId, organizationId), eq(idempotencyKey.key, key)));
  if (!known || known.action !== action || known.inputHash !== inputHash) {
    throw new Problem("conflict", `The idempotency key ${key} was used for another request. Use a new key for a new request.`, { key });
  }
  return known.targetId;
}
