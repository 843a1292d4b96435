import { sql } from "drizzle-orm";
import type { Transaction } from "@/db/client";
import type { Context } from "./context";
import { holdNotifications, sendHeld } from "./outgoing";

export type { Transaction };

/** Serialization failure and deadlock: Postgres asks to try again, and the transaction did nothing. */
const RETRYABLE = new Set(["40001", "40P01"]);
const MAX_ATTEMPTS = 5;

/**
 * Runs `work` in one transaction with the context's scope set for row-level security, so that a forgotten filter
 * shows nothing rather than a stranger's row. Retries what Postgres asks to retry; `work` must have no effect
 * outside of the database.
 */
export async function inTransaction<T>(
  context: Context,
  work: (tx: Transaction) => Promise<T>,
  options: { readonly isolation?: "read committed" | "repeatable read" | "serializable"; readonly readOnly?: boolean } = {},
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await context.db.transaction(
        async (tx) => {
          if (context.scope !== "worker") {
            await tx.execute(
              sql`select set_config('app.scope', ${context.scope}, true), set_config('app.organization_id', ${context.organizationId ?? ""}, true), set_config('app.actor_id', ${context.actor.id}, true)`,
            );
          }
          holdNotifications(tx);
          const result = await work(tx);
          await sendHeld(tx);
          return result;
        },
        { isolationLevel: options.isolation ?? "read committed", accessMode: options.readOnly ? "read only" : "read write" },
      );
    } catch (error) {
      if (attempt >= MAX_ATTEMPTS || !RETRYABLE.has(sqlState(error) ?? "")) throw error;
      await context.clock.sleep(5 * 2 ** attempt * (0.5 + context.random.float()));
    }
  }
}

/** The five-character SQLSTATE of a database error, wherever drizzle wrapped it; null for anything else. */
export function sqlState(error: unknown): string | null {
  for (let current: unknown = error; current instanceof Error; current = current.cause) {
    if ("code" in current && typeof current.code === "string" && /^[0-9A-Z]{5}$/.test(current.code)) return current.code;
  }
  return null;
}

/** The constraint that a database error names; null for anything else. */
export function violatedConstraint(error: unknown): string | null {
  for (let current: unknown = error; current instanceof Error; current = current.cause) {
    if ("constraint" in current && typeof current.constraint === "string") return current.constraint;
  }
  return null;
}
