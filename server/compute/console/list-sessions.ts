import type { Context } from "@/server/platform/context";
import { notFound } from "@/server/platform/errors";
import { inTransaction } from "@/server/platform/transaction";
import { listSessions, selectLive } from "./store";
import type { ConsoleSessionView, LiveConsoleView } from "./types";

const MAX_ROWS = 100;

/** The newest consoles of an instance, open and ended; empty for an instance that the caller may not see. */
export async function listConsoleSessions(context: Context, input: { readonly instanceId: string }): Promise<readonly ConsoleSessionView[]> {
  return inTransaction(context, (tx) => listSessions(tx, input.instanceId, context.scope === "tenant" ? context.organizationId : null, MAX_ROWS), { readOnly: true });
}

/** The consoles of an organization that are open now, newest first: the tenant's own, or any one for our staff. */
export async function listLiveConsoles(context: Context, input: { readonly organizationId?: string } = {}): Promise<readonly LiveConsoleView[]> {
  const organizationId = context.scope === "tenant" ? context.organizationId : (input.organizationId ?? null);
  if (organizationId === null) throw notFound("organization", "");
  return inTransaction(context, (tx) => selectLive(tx, organizationId, MAX_ROWS), { readOnly: true });
}
