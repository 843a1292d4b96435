import { z } from "zod";

export const issueConsoleTicketInput = z.object({
  instanceId: z.string().min(1).max(64),
  kind: z.enum(["vnc", "serial"]),
  viewOnly: z.boolean().default(false),
  /** The browser's own session, so that signing out closes its consoles. */
  userSessionId: z.string().min(1).max(64).nullish(),
});

export type IssueConsoleTicketInput = z.input<typeof issueConsoleTicketInput>;

export const endConsoleSessionInput = z.object({ consoleSessionId: z.string().min(1).max(64) });

export type EndConsoleSessionInput = z.input<typeof endConsoleSessionInput>;
