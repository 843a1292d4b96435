import { z } from "zod";
import { endConsoleSession, listLiveConsoles } from "@/server/compute/console";
import { endConsoleSessionInput } from "@/server/compute/console/schema";
import { getAnyOrganization } from "@/server/tenancy";
import { idText } from "@/server/tenancy/schema";
import { operatorProcedure, router } from "../trpc";

export const adminConsolesRouter = router({
  list: operatorProcedure("auditor").input(z.object({ organizationId: idText })).query(async ({ ctx, input }) => {
    const { id } = await getAnyOrganization(ctx.context, input.organizationId);
    return { items: await listLiveConsoles(ctx.context, { organizationId: id }) };
  }),
  end: operatorProcedure("support").input(endConsoleSessionInput).mutation(({ ctx, input }) => endConsoleSession(ctx.context, input)),
});
