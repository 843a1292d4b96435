import { z } from "zod";
import { inTransaction } from "@/server/platform/transaction";
import { createQuota, limitsInput, previewLimits, readQuota, setLimits } from "@/server/quota";
import { createOrganization, getAnyOrganization, inviteOwner, listMembersOf, listOrganizations, setStanding } from "@/server/tenancy";
import { createOrganizationForm, listOrganizationsInput, setStandingInput } from "@/server/tenancy/organization/schema";
import { idText } from "@/server/tenancy/schema";
import { letterOf } from "../letter";
import { operatorProcedure, router } from "../trpc";

/** A new organization can try the smallest things at once; everything more is given by name. */
const FIRST_LIMITS = { instances: 5, vcpus: 10, memoryMiB: 20_480, storageGiB: 200, publicAddresses: 2, snapshots: 10 };

export const adminOrganizationsRouter = router({
  list: operatorProcedure("auditor").input(listOrganizationsInput).query(({ ctx, input }) => listOrganizations(ctx.context, input)),
  get: operatorProcedure("auditor").input(z.object({ organizationId: idText })).query(async ({ ctx, input }) => ({
    organization: await getAnyOrganization(ctx.context, input.organizationId),
    quota: await readQuota(ctx.context, input.organizationId),
    members: await listMembersOf(ctx.context, input.organizationId, { limit: 100 }),
  })),
  create: operatorProcedure("support").input(createOrganizationForm).mutation(async ({ ctx, input }) => {
    const { ownerEmail, ...fields } = input;
    return inTransaction(ctx.context, async (tx) => {
      const organization = await createOrganization(tx, ctx.context, fields);
      await createQuota(tx, ctx.context, { organizationId: organization.id, limits: FIRST_LIMITS });
      const { invitation, token } = await inviteOwner(tx, ctx.context, organization.id, ownerEmail, letterOf(ctx, ctx.session));
      return { organization, invitation, acceptUrl: `${ctx.portalUrl}/invitations/${token}`, mailed: ctx.mails };
    });
  }),
  previewQuota: operatorProcedure("auditor").input(limitsInput).query(({ ctx, input }) => previewLimits(ctx.context, input)),
  setQuota: operatorProcedure("support").input(limitsInput).mutation(({ ctx, input }) => setLimits(ctx.context, input)),
  setStanding: operatorProcedure("support").input(setStandingInput).mutation(({ ctx, input }) => setStanding(ctx.context, input)),
});
