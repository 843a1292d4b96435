import { issueConsoleTicket } from "@/server/compute/console";
import { issueConsoleTicketInput } from "@/server/compute/console/schema";
import { memberProcedure, router } from "../trpc";

export const consoleRouter = router({
  /** One use within seconds; the browser opens `url` as a WebSocket. */
  ticket: memberProcedure("operator").input(issueConsoleTicketInput.omit({ userSessionId: true })).mutation(async ({ ctx, input }) => {
    const { path, expiresAt } = await issueConsoleTicket(ctx.context, { ...input, userSessionId: ctx.session.id });
    return { url: `${ctx.consoleUrl}${path}`, expiresAt };
  }),
});
