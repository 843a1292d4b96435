import { issueConsoleTicket, type ConsoleTicket } from "@/server/compute/console";
import type { Context } from "@/server/platform/context";
import { notFound, Problem } from "@/server/platform/errors";
import { sentence } from "@/server/platform/sentences";
import { inTransaction } from "@/server/platform/transaction";
import { requireOrganization } from "../rules";
import { sessionTicketInput, type SessionTicketInput } from "../schema";
import { lockSession, selectSession, updateSession } from "./store";

/** The right to open the screen of one's own session once; it is worth nothing after half a minute. */
export async function issueDesktopTicket(context: Context, input: SessionTicketInput): Promise<ConsoleTicket> {
  const { sessionId, userSessionId } = sessionTicketInput.parse(input);
  const organizationId = requireOrganization(context);
  const { instanceId, policy } = await inTransaction(context, async (tx) => {
    const session = await lockSession(tx, organizationId, sessionId);
    if (!session || session.userId !== context.actor.id) throw notFound("desktop session", sessionId);
    if (session.endedAt) throw new Problem("conflict", sentence("refused-session-over"), { sessionId });
    const found = await selectSession(tx, organizationId, sessionId);
    if (!found?.instanceId || session.readyAt === null) throw new Problem("conflict", sentence("refused-desktop-not-ready"), { sessionId });
    if (session.firstOpenedAt === null) await updateSession(tx, session.id, { firstOpenedAt: context.clock.now() });
    const { clipboardIn, clipboardOut, remoteResize, idleMinutes } = found.pool;
    return { instanceId: found.instanceId, policy: { desktopSessionId: session.id, clipboardIn, clipboardOut, remoteResize, idleSeconds: idleMinutes * 60 } };
  });
  return issueConsoleTicket(context, { instanceId, kind: "vnc", viewOnly: false, userSessionId: userSessionId ?? null }, policy);
}
