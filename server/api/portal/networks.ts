import { createPrivateNetwork, listNetworks, removeNetwork } from "@/server/compute";
import { createPrivateNetworkInput, networkRef } from "@/server/compute/network/schema";
import { memberProcedure, router } from "../trpc";

const admin = memberProcedure("admin");

/** Private networks of the organization; machines of one are reached from that one alone. */
export const networksRouter = router({
  list: memberProcedure("viewer").query(({ ctx }) => listNetworks(ctx.context)),
  create: admin.input(createPrivateNetworkInput).mutation(({ ctx, input }) => createPrivateNetwork(ctx.context, input)),
  remove: admin.input(networkRef).mutation(({ ctx, input }) => removeNetwork(ctx.context, input)),
});
