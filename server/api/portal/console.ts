import { endConsoleSession, issueConsoleTicket, listLiveConsoles } from "@/server/compute/console";
import { endConsoleSessionInput, issueConsoleTicketInput } from "@/server/compute/console/schema";
import { Problem } from "@/server/platform/errors";
import { roleAllows } from "@/server/tenancy";
import { memberProcedure, router } from "../trpc";

export const consoleRouter = router({
  /** One use within seconds; the browser opens `url` as a WebSocket. Who may only look gets tickets that only look: the gateway drops what they type. */
  ticket: memberProcedure("viewer").input(issueConsoleTicketInput.omit({ userSessionId: true })).mutation(async ({ ctx, input }) => {
    if (!input.viewOnly && !roleAllows(ctx.member.role, "operator")) {
      throw new Problem("forbidden", `Your role is ${ctx.member.role}: you may look at a console and not type into it. Ask for a view-only ticket, or ask an owner or admin for the rights of an operator.`, { role: ctx.member.role, right: "operator" });
    }
    const { path, expiresAt } = await issueConsoleTicket(ctx.context, { ...input, userSessionId: ctx.session.id });
    return { url: `${ctx.consoleUrl}${path}`, expiresAt };
  }),
  sessions: memberProcedure("admin").query(async ({ ctx }) => ({ items: await listLiveConsoles(ctx.context) })),
  end: memberProcedure("admin").input(endConsoleSessionInput).mutation(({ ctx, input }) => endConsoleSession(ctx.context, input)),
});
