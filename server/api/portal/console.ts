import { endConsoleSession, issueConsoleTicket, listLiveConsoles } from "@/server/compute/console";
import { endConsoleSessionInput, issueConsoleTicketInput } from "@/server/compute/console/schema";
import { Problem } from "@/server/platform/errors";
import { sentence } from "@/server/platform/sentences";
import { roleAllows } from "@/server/tenancy";
import { memberProcedure, router } from "../trpc";

export const consoleRouter = router({
  /** One use within seconds; the browser opens `url` as a WebSocket. Who may only look gets tickets that only look: the gateway drops what they type. */
  ticket: memberProcedure("viewer").input(issueConsoleTicketInput.omit({ userSessionId: true })).mutation(async ({ ctx, input }) => {
    if (!input.viewOnly && !roleAllows(ctx.member.role, "operator")) {
      throw new Problem("forbidden", sentence("refused-console-typing", { role: ctx.member.role }), { role: ctx.member.role, right: "operator" });
    }
    const { path, expiresAt } = await issueConsoleTicket(ctx.context, { ...input, userSessionId: ctx.session.id });
    return { url: `${ctx.consoleUrl}${path}`, expiresAt };
  }),
  sessions: memberProcedure("admin").query(async ({ ctx }) => ({ items: await listLiveConsoles(ctx.context) })),
  end: memberProcedure("admin").input(endConsoleSessionInput).mutation(({ ctx, input }) => endConsoleSession(ctx.context, input)),
});
