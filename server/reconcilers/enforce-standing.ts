import { enforceStanding } from "@/server/compute";
import { inTransaction } from "@/server/platform/transaction";
import type { LoopDefinition } from "./types";

/** Dunning never stops a machine; it sets the organization's standing, and this acts on it. */
export const enforceStandingLoop: LoopDefinition = {
  name: "enforce-standing",
  periodMs: 15_000,
  async pass({ context, wake }) {
    const changed = await inTransaction(context, (tx) => enforceStanding(tx, context));
    if (changed > 0) wake("converge-instances");
    return { backlog: changed };
  },
};
