import { z } from "zod";
import type { MailDriver } from "@/server/drivers/mail/types";
import { expireRecords } from "@/server/platform/expire";
import { dueMessages, noteDelivery, type OutboxMessage } from "@/server/platform/outbox";
import { inTransaction } from "@/server/platform/transaction";
import type { LoopDefinition } from "./types";

const mailPayload = z.object({ to: z.string(), subject: z.string(), text: z.string() });

/** Delivers what transactions left in the outbox. A message is sent at least once; its id lets the receiver drop a second one. */
export function sendOutboxLoop(mail: MailDriver): LoopDefinition {
  return {
    name: "send-outbox",
    periodMs: 10_000,
    async pass({ context, signal }) {
      const due = await inTransaction(context, (tx) => dueMessages(tx, context), { readOnly: true });
      let failed = 0;
      for (const message of due) {
        if (signal.aborted) break;
        const error = await deliver(mail, message);
        if (error !== null) failed += 1;
        await inTransaction(context, (tx) => noteDelivery(tx, context, message, error));
      }
      return { backlog: failed };
    },
  };
}

async function deliver(mail: MailDriver, message: OutboxMessage): Promise<string | null> {
  if (message.topic !== "mail") return `Nobody takes messages of the topic ${message.topic}.`;
  const payload = mailPayload.safeParse(message.payload);
  if (!payload.success) return `The message has no address, subject or text: ${payload.error.message}`;
  try {
    await mail.send({ id: message.id, ...payload.data });
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

export const expireRecordsLoop: LoopDefinition = {
  name: "expire-records",
  periodMs: 300_000,
  async pass({ context }) {
    await inTransaction(context, (tx) => expireRecords(tx, context));
    return { backlog: 0 };
  },
};
