import { createHash } from "node:crypto";
import type { Context } from "@/server/platform/context";
import { notFound, Problem } from "@/server/platform/errors";
import { sentence } from "@/server/platform/sentences";
import { inTransaction } from "@/server/platform/transaction";
import { recordAudit } from "@/server/tenancy";
import type { IssueConsoleTicketInput } from "./schema";
import { issueConsoleTicketInput } from "./schema";
import { deleteStaleTickets, findConsoleTarget, insertTicket } from "./store";
import type { ConsoleTicket, DesktopPolicy } from "./types";

/** Long enough for a page to open a WebSocket on a slow line, short enough to be useless in a log. */
export const TICKET_SECONDS = 30;
const STALE_AFTER_MS = 3_600_000;
const FILE_ACTIONS = { list: "desktop-files.list-allowed", in: "desktop-files.in-allowed", out: "desktop-files.out-allowed" } as const;

/**
 * Issues the right to open one console once, for an instance of the tenant's own, or of any for our staff; who may do so
 * (and who only view) is the front door's ladder. `desktop` comes from the pool of a desktop, never from a caller outside.
 */
export async function issueConsoleTicket(context: Context, input: IssueConsoleTicketInput, desktop: DesktopPolicy | null = null): Promise<ConsoleTicket> {
  const { instanceId, viewOnly, userSessionId, ...asked } = issueConsoleTicketInput.parse(input);
  const { file, ...policy } = desktop ?? {};
  const kind = file ? "files" : asked.kind;
  if (context.actor.kind === "system") throw new Problem("forbidden", "A console is for a person; a loop cannot open one.");
  return inTransaction(context, async (tx) => {
    const target = await findConsoleTarget(tx, instanceId, context.scope === "tenant" ? context.organizationId : null);
    if (!target) throw notFound("instance", instanceId);
    if (target.standing === "suspended" && context.actor.kind === "user") {
      throw new Problem("standing", sentence("refused-console-suspended"));
    }
    if (target.desiredPower !== "running") {
      throw new Problem("conflict", sentence("refused-console-stopped", { instance: target.name }), { instanceId });
    }
    const now = context.clock.now();
    const ticket = Buffer.from(context.random.bytes(32)).toString("base64url");
    const expiresAt = new Date(now.getTime() + TICKET_SECONDS * 1000);
    await deleteStaleTickets(tx, target.organizationId, new Date(now.getTime() - STALE_AFTER_MS));
    await insertTicket(tx, {
      id: hashTicket(ticket),
      organizationId: target.organizationId,
      instanceId,
      userId: context.actor.id,
      userSessionId: userSessionId ?? null,
      kind,
      viewOnly,
      ...policy,
      ...(file ? { fileWay: file.way, fileName: file.way === "list" ? null : file.name, fileBytes: file.way === "list" ? null : file.bytes } : {}),
      createdAt: now,
      expiresAt,
    });
    await recordAudit(tx, context, {
      // Files are told apart: who brought what in, and who took what out, is what an auditor asks for.
      action: file ? FILE_ACTIONS[file.way] : "console.ticket-issued",
      targetKind: "instance",
      targetId: instanceId,
      after: { kind, viewOnly, ...(desktop ? { desktopSessionId: desktop.desktopSessionId } : {}), ...file },
      organizationId: target.organizationId,
    });
    return { ticket, path: `/console/${ticket}?kind=${kind}`, kind, viewOnly, expiresAt };
  });
}

/** What is stored of a ticket: whoever reads the table cannot open a console. */
export function hashTicket(ticket: string): string {
  return createHash("sha256").update(ticket).digest("hex");
}
