import type { Logger } from "@/server/platform/logger";
import type { MailDriver } from "../types";

/** Writes that a message would go out, for installations without a mail server. The text itself may hold secrets and is not logged. */
export function logMail(logger: Logger): MailDriver {
  return {
    kind: "log",
    send: (message) => {
      logger.info({ messageId: message.id, to: message.to, subject: message.subject }, "no mail server is set up; the message stays in the outbox's history");
      return Promise.resolve();
    },
  };
}
