import { z } from "zod";
import { acceptInvitation, changePassword, listSessions, readInvitation, revokeOtherSessions, revokeSession, updateProfile } from "@/server/tenancy";
import { acceptInvitationInput, invitationToken } from "@/server/tenancy/invitation/schema";
import { idText } from "@/server/tenancy/schema";
import { changePasswordInput, updateProfileInput } from "@/server/tenancy/user/schema";
import { publicProcedure, router, signedInProcedure } from "../trpc";

export const accountRouter = router({
  /** Who is signed in, and where they may work. */
  me: signedInProcedure.query(({ ctx }) => ({
    user: ctx.session.user,
    organizations: ctx.session.memberships.map(({ organizationId, ...rest }) => ({ id: organizationId, ...rest })),
  })),
  updateProfile: signedInProcedure.input(updateProfileInput).mutation(({ ctx, input }) => updateProfile(ctx.context, input)),
  changePassword: signedInProcedure.input(changePasswordInput).mutation(({ ctx, input }) => changePassword(ctx.context, input, ctx.session.id, ctx.ip)),
  sessions: signedInProcedure.query(({ ctx }) => listSessions(ctx.context, ctx.session.id)),
  revokeSession: signedInProcedure.input(z.object({ id: idText })).mutation(async ({ ctx, input }) => {
    await revokeSession(ctx.context, input.id);
    return { id: input.id };
  }),
  /** Sign-out everywhere else; with `includingThis` here too. */
  revokeOtherSessions: signedInProcedure.input(z.object({ includingThis: z.boolean().default(false) })).mutation(async ({ ctx, input }) => ({
    revoked: await revokeOtherSessions(ctx.context, input.includingThis ? null : ctx.session.id),
  })),
  /** What an invitation's link is for. */
  invitation: publicProcedure.input(z.object({ token: invitationToken })).query(({ ctx, input }) => readInvitation(ctx.context, input.token)),
  acceptInvitation: publicProcedure.input(acceptInvitationInput).mutation(({ ctx, input }) => acceptInvitation(ctx.context, input, { userId: ctx.session?.user.id ?? null, ip: ctx.ip })),
});
