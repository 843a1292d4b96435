import { listAudit, verifyAuditChains } from "@/server/tenancy";
import { auditListInput } from "@/server/tenancy/audit/schema";
import { operatorProcedure, router } from "../trpc";

export const adminAuditRouter = router({
  list: operatorProcedure("auditor").input(auditListInput).query(({ ctx, input }) => listAudit(ctx.context, input)),
  verify: operatorProcedure("auditor").query(({ ctx }) => verifyAuditChains(ctx.context)),
});
