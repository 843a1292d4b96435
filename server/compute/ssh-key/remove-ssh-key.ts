import { recordAudit } from "@/server/tenancy";
import type { Context } from "@/server/platform/context";
import { notFound } from "@/server/platform/errors";
import { inTransaction } from "@/server/platform/transaction";
import { announce } from "@/server/platform/wake";
import { requireOrganization } from "../rules";
import { sshKeyRef, type SshKeyRef } from "./schema";
import { deleteKey } from "./store";

/** Takes a key off the list. Guests that were made with it keep it, as everywhere. */
export async function removeSshKey(context: Context, input: SshKeyRef): Promise<{ readonly sshKeyId: string }> {
  const { sshKeyId } = sshKeyRef.parse(input);
  const organizationId = requireOrganization(context);
  return inTransaction(context, async (tx) => {
    const removed = await deleteKey(tx, organizationId, sshKeyId, context.clock.now());
    if (!removed) throw notFound("SSH key", sshKeyId);
    await announce(tx, { organizationId, topic: "ssh-key", id: sshKeyId });
    await recordAudit(tx, context, { action: "ssh-key.removed", targetKind: "ssh-key", targetId: sshKeyId, before: { name: removed.name, fingerprint: removed.fingerprint } });
    return { sshKeyId };
  });
}
