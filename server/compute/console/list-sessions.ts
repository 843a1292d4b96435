import type { Context } from "@/server/platform/context";
import { inTransaction } from "@/server/platform/transaction";
import { listSessions } from "./store";
import type { ConsoleSessionView } from "./types";

const MAX_ROWS = 100;

/** The newest consoles of an instance, open and ended; empty for an instance that the caller may not see. */
export async function listConsoleSessions(context: Context, input: { readonly instanceId: string }): Promise<readonly ConsoleSessionView[]> {
  return inTransaction(context, (tx) => listSessions(tx, input.instanceId, context.scope === "tenant" ? context.organizationId : null, MAX_ROWS), { readOnly: true });
}
