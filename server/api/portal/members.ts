import { changeRole, inviteMember, listInvitations, listMembers, removeMember, revokeInvitation } from "@/server/tenancy";
import { inviteMemberInput, revokeInvitationInput } from "@/server/tenancy/invitation/schema";
import { changeRoleInput, listMembersInput, removeMemberInput } from "@/server/tenancy/member/schema";
import { letterOf } from "../letter";
import { memberProcedure, router } from "../trpc";

export const membersRouter = router({
  list: memberProcedure("viewer").input(listMembersInput).query(({ ctx, input }) => listMembers(ctx.context, input)),
  invitations: memberProcedure("admin").query(async ({ ctx }) => ({ items: await listInvitations(ctx.context) })),
  /** `acceptUrl` is shown once: the database keeps a hash of its secret. */
  invite: memberProcedure("admin").input(inviteMemberInput).mutation(async ({ ctx, input }) => {
    const { invitation, token } = await inviteMember(ctx.context, input, letterOf(ctx, ctx.session));
    return { invitation, acceptUrl: `${ctx.portalUrl}/invitations/${token}`, mailed: ctx.mails };
  }),
  revokeInvitation: memberProcedure("admin").input(revokeInvitationInput).mutation(({ ctx, input }) => revokeInvitation(ctx.context, input)),
  changeRole: memberProcedure("admin").input(changeRoleInput).mutation(({ ctx, input }) => changeRole(ctx.context, input)),
  remove: memberProcedure("admin").input(removeMemberInput).mutation(({ ctx, input }) => removeMember(ctx.context, input)),
});
