import { issueDesktopTicket, issueFileTicket, listMyDesktops, logOff, openDesktop, readSession, reportSession, tellEvent } from "@/server/desktop";
import { fileTicketInput, poolRef, reportSessionInput, sessionRef, tellEventInput } from "@/server/desktop/schema";
import { memberProcedure, router } from "../trpc";

const person = memberProcedure("viewer");

/** What a person does with desktops: theirs and nobody else's, whatever their role. */
export const desktopsRouter = router({
  mine: person.query(async ({ ctx }) => ({ items: await listMyDesktops(ctx.context) })),
  open: person.input(poolRef).mutation(({ ctx, input }) => openDesktop(ctx.context, input)),
  session: person.input(sessionRef).query(({ ctx, input }) => readSession(ctx.context, input)),
  /** One use within seconds; the browser opens `url` as a WebSocket. */
  ticket: person.input(sessionRef).mutation(async ({ ctx, input }) => {
    const { path, expiresAt } = await issueDesktopTicket(ctx.context, { ...input, userSessionId: ctx.session.id });
    return { url: `${ctx.consoleUrl}${path}`, expiresAt };
  }),
  /** As `ticket`, for one look at the files, one file in, or one file out. */
  fileTicket: person.input(fileTicketInput).mutation(async ({ ctx, input }) => {
    const { path, expiresAt } = await issueFileTicket(ctx.context, { ...input, userSessionId: ctx.session.id });
    return { url: `${ctx.consoleUrl}${path}`, expiresAt };
  }),
  /** What the page measured, once a session; operators see how sessions feel. */
  report: person.input(reportSessionInput).mutation(({ ctx, input }) => reportSession(ctx.context, input)),
  /** What only the page knows of a session whose events are recorded. */
  tell: person.input(tellEventInput).mutation(({ ctx, input }) => tellEvent(ctx.context, input)),
  logOff: person.input(sessionRef).mutation(({ ctx, input }) => logOff(ctx.context, input)),
});
