import type { Context } from "@/server/platform/context";
import { notFound } from "@/server/platform/errors";
import { inTransaction } from "@/server/platform/transaction";
import { recordAudit } from "@/server/tenancy";
import { announce } from "@/server/platform/wake";
import type { EndConsoleSessionInput } from "./schema";
import { endConsoleSessionInput } from "./schema";
import { endSession, findSession } from "./store";

/** Ends an open console; the gateway that holds it obeys within seconds. Ending an ended one changes nothing. */
export async function endConsoleSession(context: Context, input: EndConsoleSessionInput): Promise<void> {
  const { consoleSessionId } = endConsoleSessionInput.parse(input);
  const organizationId = context.scope === "tenant" ? context.organizationId : null;
  await inTransaction(context, async (tx) => {
    const ended = await endSession(tx, consoleSessionId, organizationId, context.clock.now(), `ended by ${context.actor.kind} ${context.actor.id}`);
    if (!ended) {
      if (await findSession(tx, consoleSessionId, organizationId)) return;
      throw notFound("console session", consoleSessionId);
    }
    await recordAudit(tx, context, {
      action: "console.ended",
      targetKind: "console-session",
      targetId: ended.id,
      after: { instanceId: ended.instanceId },
      organizationId: ended.organizationId,
    });
    await announce(tx, { organizationId: ended.organizationId, topic: "console", id: ended.id });
  });
}
