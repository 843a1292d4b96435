import type { Context } from "@/server/platform/context";
import { Problem } from "@/server/platform/errors";
import { sentence } from "@/server/platform/sentences";
import { mintId } from "@/server/platform/id";
import { inTransaction, type Transaction } from "@/server/platform/transaction";
import { recordAudit } from "../audit";
import { requireIdentity } from "../rules";
import { hashPassword } from "./hash-password";
import { insertUser, selectUserByEmail } from "./store";
import type { NewUser, UserRow } from "./types";

/** Adds a person in a running transaction. `passwordHash` is made before it, because hashing takes its time. */
export async function addUser(tx: Transaction, context: Context, input: Omit<NewUser, "password"> & { readonly passwordHash: string }): Promise<UserRow> {
  const created = await insertUser(tx, {
    id: mintId("user", context),
    email: input.email,
    name: input.name,
    passwordHash: input.passwordHash,
    locale: input.locale ?? "en",
    timeZone: input.timeZone ?? "Asia/Tokyo",
    desktopLocale: null,
    keyboard: null,
    operatorRole: input.operatorRole ?? null,
    createdAt: context.clock.now(),
    disabledAt: null,
  });
  if (!created) throw new Problem("conflict", sentence("refused-account-taken", { email: input.email }), { email: input.email });
  return created;
}

/**
 * Makes sure that a person exists, for the first installation and for demos: an account that is there already stays
 * as it is, password included.
 */
export async function ensureUser(context: Context, input: NewUser): Promise<UserRow> {
  requireIdentity(context);
  const existing = await inTransaction(context, (tx) => selectUserByEmail(tx, input.email));
  if (existing) return existing;
  const { password, ...person } = input;
  const passwordHash = await hashPassword(password);
  return inTransaction(context, async (tx) => {
    const created = await addUser(tx, context, { ...person, passwordHash });
    await recordAudit(tx, context, { action: "user.created", targetKind: "user", targetId: created.id, after: { email: created.email, name: created.name, operatorRole: created.operatorRole } });
    return created;
  });
}
