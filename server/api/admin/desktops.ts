import { z } from "zod";
import { readOverview } from "@/server/desktop";
import { operatorProcedure, router } from "../trpc";

export const adminDesktopsRouter = router({
  /** Sessions, storms, hosts, pools and golden images of all organizations. */
  overview: operatorProcedure("auditor").input(z.object({ hours: z.number().int().min(1).max(24 * 31).default(24) })).query(({ ctx, input }) => readOverview(ctx.context, input)),
});
