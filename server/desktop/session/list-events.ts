import { listAudit, type AuditEntryView } from "@/server/tenancy";
import type { Context } from "@/server/platform/context";
import { notFound } from "@/server/platform/errors";
import { inTransaction } from "@/server/platform/transaction";
import { requireOrganization } from "../rules";
import { sessionRef, type SessionRef } from "../schema";
import { selectSession } from "./store";

const MOST_ENTRIES = 100;

export interface SessionEvents {
  /** Newest first; what was left out is in the audit trail. */
  readonly items: readonly Pick<AuditEntryView, "id" | "at" | "actorName" | "actorKind" | "action" | "after">[];
  readonly total: number;
}

/** What the audit trail has of one use of a desktop. */
export async function listSessionEvents(context: Context, input: SessionRef): Promise<SessionEvents> {
  const { sessionId } = sessionRef.parse(input);
  const organizationId = requireOrganization(context);
  const found = await inTransaction(context, (tx) => selectSession(tx, organizationId, sessionId), { readOnly: true });
  if (!found) throw notFound("desktop session", sessionId);
  const { items, total } = await listAudit(context, { targetId: sessionId, limit: MOST_ENTRIES });
  return { items: items.map(({ id, at, actorName, actorKind, action, after }) => ({ id, at, actorName, actorKind, action, after })), total };
}
