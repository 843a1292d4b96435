import type { Context } from "@/server/platform/context";
import { inTransaction } from "@/server/platform/transaction";
import { requireIdentity } from "../rules";
import { isLive } from "./rules";
import { selectSessionsOf } from "./store";
import type { SessionView } from "./types";

/** The acting person's live sessions, the newest use first. */
export async function listSessions(context: Context, currentSessionId: string): Promise<SessionView[]> {
  requireIdentity(context);
  const rows = await inTransaction(context, (tx) => selectSessionsOf(tx, context.actor.id), { readOnly: true });
  const nowMs = context.clock.nowMs();
  return rows
    .filter((row) => isLive(row, nowMs))
    .map(({ id, createdAt, lastSeenAt, expiresAt, ipAddress, userAgent }) => ({ id, createdAt, lastSeenAt, expiresAt, ipAddress, userAgent, current: id === currentSessionId }));
}
