import { getOrganization, updateOrganization } from "@/server/tenancy";
import { updateOrganizationInput } from "@/server/tenancy/organization/schema";
import { memberProcedure, router } from "../trpc";

export const organizationRouter = router({
  get: memberProcedure("viewer").query(({ ctx }) => getOrganization(ctx.context)),
  update: memberProcedure("admin").input(updateOrganizationInput).mutation(({ ctx, input }) => updateOrganization(ctx.context, input)),
});
