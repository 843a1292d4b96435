import type { RouterOutputs } from "@/server/api/root";

export type Pool = RouterOutputs["desktopPools"]["get"];

/** A pool's desktops by what they are doing; removed ones count no more. */
export function standing({ counts }: Pick<Pool, "counts">) {
  const inUse = counts["in-session"] + counts.disconnected;
  const onTheWay = counts.provisioning + counts.resetting;
  return { inUse, onTheWay, ready: counts.ready, asleep: counts.suspended, failed: counts.failed, all: inUse + onTheWay + counts.ready + counts.suspended + counts.failed };
}
