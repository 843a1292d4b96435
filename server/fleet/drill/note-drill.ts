import type { Context } from "@/server/platform/context";
import { inTransaction, type Transaction } from "@/server/platform/transaction";
import { announce, wake } from "@/server/platform/wake";
import type { DrillRow } from "../types";
import { lockDrill, writeDrill } from "./store";

/** The next step of a drill; nothing happens when it has ended meanwhile. False then. */
export function noteDrill(context: Context, drillId: string, change: Partial<Pick<DrillRow, "state" | "reason" | "crashedAt" | "incidentId" | "measured" | "finishedAt">>): Promise<boolean> {
  return inTransaction(context, (tx) => noteDrillIn(tx, drillId, change));
}

export async function noteDrillIn(tx: Transaction, drillId: string, change: Partial<Pick<DrillRow, "state" | "reason" | "crashedAt" | "incidentId" | "measured" | "finishedAt">>): Promise<boolean> {
  const row = await lockDrill(tx, drillId);
  if (!row || row.state === "done" || row.state === "failed") return false;
  await writeDrill(tx, drillId, change);
  await announce(tx, { organizationId: null, topic: "cluster", id: row.clusterId });
  await wake(tx, "drill-hosts");
  return true;
}
