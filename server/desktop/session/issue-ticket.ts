import { issueConsoleTicket, type ConsoleTicket, type DesktopFile } from "@/server/compute/console";
import type { Context } from "@/server/platform/context";
import { notFound, Problem } from "@/server/platform/errors";
import { sentence } from "@/server/platform/sentences";
import { inTransaction } from "@/server/platform/transaction";
import { requireOrganization } from "../rules";
import { fileTicketInput, sessionTicketInput, type FileTicketInput, type SessionTicketInput } from "../schema";
import { lockSession, selectSession, updateSession } from "./store";

const BYTES_PER_MIB = 1_048_576;

/** The right to open the screen of one's own session once; it is worth nothing after half a minute. */
export async function issueDesktopTicket(context: Context, input: SessionTicketInput): Promise<ConsoleTicket> {
  const { sessionId, userSessionId } = sessionTicketInput.parse(input);
  const { instanceId, policy } = await policyOf(context, sessionId);
  return issueConsoleTicket(context, { instanceId, kind: "vnc", viewOnly: false, userSessionId: userSessionId ?? null }, policy);
}

/** The right to see, bring in or take out files of one's own desktop once, as its pool allows it. Who asked for what stands in the audit trail. */
export async function issueFileTicket(context: Context, input: FileTicketInput & { readonly userSessionId?: string | null }): Promise<ConsoleTicket> {
  const asked = fileTicketInput.parse(input);
  const { instanceId, policy, pool } = await policyOf(context, asked.sessionId);
  const limitBytes = pool.fileLimitMiB * BYTES_PER_MIB;
  if (asked.way === "in" && !pool.filesIn) throw new Problem("forbidden", sentence("refused-files-in", { pool: pool.name }));
  if (asked.way !== "in" && !pool.filesOut) throw new Problem("forbidden", sentence("refused-files-out", { pool: pool.name }));
  if (asked.way === "in" && asked.sizeBytes > limitBytes) throw new Problem("bad-input", sentence("refused-file-large", { file: asked.name, limitMiB: pool.fileLimitMiB }), { field: "sizeBytes", limitBytes });
  const file: DesktopFile = asked.way === "list" ? { way: "list" } : { way: asked.way, name: asked.name, bytes: asked.way === "in" ? asked.sizeBytes : limitBytes };
  return issueConsoleTicket(context, { instanceId, kind: "vnc", viewOnly: false, userSessionId: input.userSessionId ?? null }, { ...policy, file });
}

/** What the pool allows in the session of the person who asks, and the machine that it is with. A foreign session looks like none. */
async function policyOf(context: Context, sessionId: string) {
  const organizationId = requireOrganization(context);
  return inTransaction(context, async (tx) => {
    const session = await lockSession(tx, organizationId, sessionId);
    if (!session || session.userId !== context.actor.id) throw notFound("desktop session", sessionId);
    if (session.endedAt) throw new Problem("conflict", sentence("refused-session-over"), { sessionId });
    const found = await selectSession(tx, organizationId, sessionId);
    if (!found?.instanceId || session.readyAt === null) throw new Problem("conflict", sentence("refused-desktop-not-ready"), { sessionId });
    if (session.firstOpenedAt === null) await updateSession(tx, session.id, { firstOpenedAt: context.clock.now() });
    const { clipboardIn, clipboardOut, remoteResize, idleMinutes } = found.pool;
    return { instanceId: found.instanceId, pool: found.pool, policy: { desktopSessionId: session.id, clipboardIn, clipboardOut, remoteResize, idleSeconds: idleMinutes * 60 } };
  });
}
