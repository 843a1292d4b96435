import { createHash } from "node:crypto";
import { and, eq } from "drizzle-orm";
import { idempotencyKey } from "@/db/schema/tenancy";
import type { Context } from "./context";
import { Problem } from "./errors";
import type { Transaction } from "./transaction";

export interface KeyClaim {
  readonly organizationId: string;
  readonly key: string;
  readonly action: string;
  readonly input: unknown;
  readonly targetId: string;
}

const hashInput = (input: unknown): string => createHash("sha256").update(JSON.stringify(input)).digest("hex");

/**
 * Claims those of the keys that nobody used; answers the targets that got theirs. In the order of the keys, so that two
 * transactions that claim several of the same do not lock each other out.
 */
export async function claimNewKeys(tx: Transaction, context: Context, claims: readonly KeyClaim[]): Promise<ReadonlySet<string>> {
  const rows = claims
    .map(({ input, ...claim }) => ({ ...claim, inputHash: hashInput(input), createdAt: context.clock.now() }))
    .toSorted((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
  const made = await tx.insert(idempotencyKey).values(rows).onConflictDoNothing().returning({ targetId: idempotencyKey.targetId });
  return new Set(made.map((row) => row.targetId));
}

/**
 * Claims a caller's key for an action, in the transaction that does it. Null: the key is new, go on. Otherwise the id of
 * what the first call made. Two calls at once: the second waits for the first to commit. The same key with another
 * input is refused.
 */
export async function claimIdempotencyKey(
  tx: Transaction,
  context: Context,
  claim: KeyClaim,
): Promise<string | null> {
  const { organizationId, key, action, targetId } = claim;
  const inputHash = hashInput(claim.input);
  const made = await claimNewKeys(tx, context, [claim]);
  if (made.has(targetId)) return null;
  const [known] = await tx.select().from(idempotencyKey).where(and(eq(idempotencyKey.organizationId, organizationId), eq(idempotencyKey.key, key)));
  if (!known || known.action !== action || known.inputHash !== inputHash) {
    throw new Problem("conflict", `The idempotency key ${key} was used for another request. Use a new key for a new request.`, { key });
  }
  return known.targetId;
}
