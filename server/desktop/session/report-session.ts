import { recordAudit } from "@/server/tenancy";
import type { Context } from "@/server/platform/context";
import { notFound } from "@/server/platform/errors";
import { inTransaction } from "@/server/platform/transaction";
import { requireOrganization } from "../rules";
import { reportSessionInput, type ReportSessionInput } from "../schema";
import { lockSession, updateSession } from "./store";

/** What the page of a session measured: kept once a session, of one's own alone. A second report changes nothing. */
export async function reportSession(context: Context, input: ReportSessionInput): Promise<void> {
  const { sessionId, connectMs, latencyMs } = reportSessionInput.parse(input);
  const organizationId = requireOrganization(context);
  await inTransaction(context, async (tx) => {
    const session = await lockSession(tx, organizationId, sessionId);
    if (!session || session.userId !== context.actor.id) throw notFound("desktop session", sessionId);
    if (session.connectMs !== null) return;
    await updateSession(tx, sessionId, { connectMs, latencyMs });
    await recordAudit(tx, context, { action: "desktop-session.measured", targetKind: "desktop-session", targetId: sessionId, after: { connectMs, latencyMs } });
  });
}
