import { z } from "zod";
import { networkFields } from "@/server/compute/network/schema";
import { createClusterInput } from "../schema";

/** A new cluster with what it cannot be without: the pool that all of its hosts share, and the network of its instances. */
export const foundClusterInput = createClusterInput.extend({
  pool: z.object({
    name: z.string().trim().min(1).max(63),
    path: z.string().trim().max(1_024).startsWith("/", { error: "is no absolute path" }),
  }),
  network: networkFields,
});
export type FoundClusterInput = z.output<typeof foundClusterInput>;
