import { recordAudit } from "@/server/tenancy";
import type { Context } from "@/server/platform/context";
import { notFound } from "@/server/platform/errors";
import { inTransaction } from "@/server/platform/transaction";
import { selectPool } from "../pool/store";
import { requireOrganization } from "../rules";
import { tellEventInput, type TellEventInput } from "../schema";
import { lockSession, updateSession } from "./store";

/** A page that tells more than this in one session fills nobody's trail: the last one says that no more is kept. */
export const MOST_TOLD = 200;

/** Keeps what only the person's page knows of their session, where the pool has events recorded; elsewhere nothing is written. It is the page's word, and the entry says so. */
export async function tellEvent(context: Context, input: TellEventInput): Promise<void> {
  const { sessionId, ...event } = tellEventInput.parse(input);
  const organizationId = requireOrganization(context);
  await inTransaction(context, async (tx) => {
    const session = await lockSession(tx, organizationId, sessionId);
    if (!session || session.userId !== context.actor.id) throw notFound("desktop session", sessionId);
    const pool = await selectPool(tx, organizationId, session.poolId);
    if (!pool?.recordsEvents || session.endedAt || session.toldEvents >= MOST_TOLD) return;
    await updateSession(tx, sessionId, { toldEvents: session.toldEvents + 1 });
    const isLast = session.toldEvents + 1 === MOST_TOLD;
    await recordAudit(tx, context, { action: "desktop-session.told", targetKind: "desktop-session", targetId: sessionId, after: { ...event, byPage: true, ...(isLast ? { noMoreKept: true } : {}) } });
  });
}
