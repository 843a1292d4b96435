import { readQuota } from "@/server/quota";
import { memberProcedure, router } from "../trpc";

export const quotaRouter = router({
  get: memberProcedure("viewer").query(({ ctx }) => readQuota(ctx.context, ctx.member.organizationId)),
});
