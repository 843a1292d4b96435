import { outbox } from "@/db/schema/loops";
import type { Context } from "./context";
import { mintId } from "./id";
import type { Transaction } from "./transaction";
import { wake } from "./wake";

/** Notes a fact for the outside world in the transaction that makes it true; the loop `send-outbox` delivers it. */
export async function writeOutbox(
  tx: Transaction,
  context: Context,
  message: { readonly topic: string; readonly payload: Record<string, unknown> },
): Promise<void> {
  const now = context.clock.now();
  await tx.insert(outbox).values({ id: mintId("outbox", context), topic: message.topic, organizationId: context.organizationId, payload: message.payload, createdAt: now, notBefore: now });
  await wake(tx, "send-outbox");
}
