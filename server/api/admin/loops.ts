import { listLoops } from "@/server/fleet";
import { operatorProcedure, router } from "../trpc";

export const adminLoopsRouter = router({
  list: operatorProcedure("auditor").query(({ ctx }) => listLoops(ctx.context)),
});
