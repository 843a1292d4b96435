import { listAudit } from "@/server/tenancy";
import { auditListInput } from "@/server/tenancy/audit/schema";
import { memberProcedure, router } from "../trpc";

export const auditRouter = router({
  list: memberProcedure("admin")
    .input(auditListInput.omit({ chain: true }))
    .query(({ ctx, input }) => listAudit(ctx.context, input)),
});
