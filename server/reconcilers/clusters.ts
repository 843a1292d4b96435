import { readFleet } from "@/server/fleet";
import type { Context } from "@/server/platform/context";

/** Ids of all clusters, for loops that go through them one by one. */
export async function clusterIds(context: Context): Promise<string[]> {
  return [...(await readFleet(context, { allocations: false })).clusters.keys()];
}
