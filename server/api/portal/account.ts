import { router, signedInProcedure } from "../trpc";

export const accountRouter = router({
  me: signedInProcedure.query(({ ctx }) => ({
    user: ctx.session.user,
    organizations: ctx.session.memberships.map(({ organizationId, ...rest }) => ({ id: organizationId, ...rest })),
  })),
});
