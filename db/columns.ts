import { sql, type SQL } from "drizzle-orm";
import { bigint, integer, text, timestamp } from "drizzle-orm/pg-core";

/** Prefixed id minted by server/platform/id.ts; the database only stores it. */
export const id = () => text("id").primaryKey();

/** A moment in UTC to the millisecond. */
export const moment = (name: string) => timestamp(name, { withTimezone: true, precision: 3, mode: "date" });

export const createdAt = () => moment("created_at").notNull();

/** The tenant that owns the row. Row-level security is derived from this column's name (db/security.ts). */
export const organizationId = () => text("organization_id");

/** Whole number that may pass 2^31 and stays below 2^53. */
export const bigCount = (name: string) => bigint(name, { mode: "number" });

export const count = (name: string) => integer(name);

/** Check that a text column holds one of the listed words. */
export function oneOf(column: SQL | { name: string }, words: readonly string[]): SQL {
  const list = sql.raw(words.map((word) => `'${word}'`).join(", "));
  return sql`${column} in (${list})`;
}

/** A name, a figure, a list of names, or a server of ours that its reader may not know by name (0: any). */
export type WordValue = string | number | { readonly server: number } | Money | readonly (string | { readonly server: number })[];

/** An amount in a sentence, in the smallest coin of its currency. */
export interface Money {
  readonly minor: number;
  readonly currency: string;
}

/** A sentence as data: which one, and what stands in it. Screens say it in their reader's language. */
export interface Words {
  readonly code: string;
  readonly params: Readonly<Record<string, WordValue>>;
}
