import type { Context } from "@/server/platform/context";
import { inTransaction } from "@/server/platform/transaction";
import { announce } from "@/server/platform/wake";
import { endSessionsOf, takeSilentGateways } from "./store";

/**
 * Twice the time after which a gateway that cannot reach the database closes its consoles by itself (`blindMs` of server/console), so that nothing
 * is called ended which somebody still looks at.
 */
const SILENT_SECONDS = 120;

/**
 * Ends the consoles of gateways that went away for good: nobody else would, and a desktop would stay in session. One that comes back finds them ended and closes
 * what it still holds. @returns how many were ended.
 */
export async function endSilentConsoles(context: Context): Promise<number> {
  return inTransaction(context, async (tx) => {
    const silent = await takeSilentGateways(tx, SILENT_SECONDS);
    if (silent.length === 0) return 0;
    const ended = await endSessionsOf(tx, silent, context.clock.now(), "the console gateway went away");
    for (const { id, organizationId } of ended) await announce(tx, { organizationId, topic: "console", id });
    if (ended.length > 0) context.logger.warn({ gateways: silent, consoles: ended.length }, "consoles of gateways that went away are ended");
    return ended.length;
  });
}
