import { eq } from "drizzle-orm";
import { user } from "@/db/schema/tenancy";
import type { Transaction } from "@/server/platform/transaction";
import type { UserRow } from "./types";

/** Locks the person's row, so that two changes of one account follow each other. */
export async function lockUser(tx: Transaction, userId: string): Promise<UserRow | null> {
  const rows = await tx.select().from(user).where(eq(user.id, userId)).for("update");
  return rows[0] ?? null;
}

export async function selectUser(tx: Transaction, userId: string): Promise<UserRow | null> {
  const rows = await tx.select().from(user).where(eq(user.id, userId));
  return rows[0] ?? null;
}

/** `email` in lower case. */
export async function selectUserByEmail(tx: Transaction, email: string): Promise<UserRow | null> {
  const rows = await tx.select().from(user).where(eq(user.email, email));
  return rows[0] ?? null;
}

/** Null when somebody has the address already. */
export async function insertUser(tx: Transaction, row: UserRow): Promise<UserRow | null> {
  const rows = await tx.insert(user).values(row).onConflictDoNothing({ target: user.email }).returning();
  return rows[0] ?? null;
}

export async function updateUser(tx: Transaction, userId: string, fields: Partial<Pick<UserRow, "name" | "locale" | "timeZone" | "desktopLocale" | "keyboard" | "passwordHash" | "operatorRole" | "disabledAt">>): Promise<UserRow | null> {
  const rows = await tx.update(user).set(fields).where(eq(user.id, userId)).returning();
  return rows[0] ?? null;
}
