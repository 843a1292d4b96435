import { recordAudit } from "@/server/tenancy";
import type { Context } from "@/server/platform/context";
import { Problem } from "@/server/platform/errors";
import { sentence } from "@/server/platform/sentences";
import { mintId } from "@/server/platform/id";
import { inTransaction } from "@/server/platform/transaction";
import { announce } from "@/server/platform/wake";
import { requireOrganization } from "../rules";
import { toView } from "./list-ssh-keys";
import { parseSshKey } from "./parse-ssh-key";
import { addSshKeyInput, type AddSshKeyInput } from "./schema";
import { insertKey } from "./store";
import type { SshKeyView } from "./types";

/** Keeps a public key for orders to come. Machines that run already do not get it. */
export async function addSshKey(context: Context, input: AddSshKeyInput): Promise<SshKeyView> {
  const { name, publicKey } = addSshKeyInput.parse(input);
  const organizationId = requireOrganization(context);
  const key = parseSshKey(publicKey);
  return inTransaction(context, async (tx) => {
    const made = await insertKey(tx, { id: mintId("sshKey", context), organizationId, name, publicKey: key.text, fingerprint: key.fingerprint, createdBy: context.actor.id, createdAt: context.clock.now() });
    if (!made) throw new Problem("conflict", sentence("refused-key-known", { fingerprint: key.fingerprint }), { field: "publicKey", fingerprint: key.fingerprint });
    await announce(tx, { organizationId, topic: "ssh-key", id: made.id });
    await recordAudit(tx, context, { action: "ssh-key.added", targetKind: "ssh-key", targetId: made.id, after: { name, fingerprint: key.fingerprint } });
    return toView(made);
  });
}
