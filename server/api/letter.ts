import type { Session } from "@/server/tenancy";

/** How somebody's invitation is written; null where no mail leaves and the link is handed over by hand. */
export function letterOf(ctx: { readonly mails: boolean; readonly portalUrl: string }, session: Session): { readonly portalUrl: string; readonly locale: "en" | "ja"; readonly inviterName: string } | null {
  return ctx.mails ? { portalUrl: ctx.portalUrl, locale: session.user.locale, inviterName: session.user.name } : null;
}
