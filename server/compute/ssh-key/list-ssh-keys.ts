import type { Context } from "@/server/platform/context";
import { inTransaction } from "@/server/platform/transaction";
import { requireOrganization } from "../rules";
import { selectKeys, type SshKeyRow } from "./store";
import type { SshKeyView } from "./types";

export function toView(row: SshKeyRow): SshKeyView {
  return { id: row.id, name: row.name, type: row.publicKey.split(" ", 1)[0] ?? "", fingerprint: row.fingerprint, publicKey: row.publicKey, createdAt: row.createdAt };
}

/** The organization's keys, by name. */
export async function listSshKeys(context: Context): Promise<SshKeyView[]> {
  const organizationId = requireOrganization(context);
  return inTransaction(context, async (tx) => (await selectKeys(tx, organizationId)).map(toView), { readOnly: true });
}
