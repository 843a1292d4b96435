import type { Context } from "@/server/platform/context";
import { textOf, wordsOf, type Said } from "@/server/platform/sentences";
import { inTransaction, type Transaction } from "@/server/platform/transaction";
import { announce, wake } from "@/server/platform/wake";
import type { DrillRow } from "../types";
import { lockDrill, writeDrill } from "./store";

type DrillChange = Partial<Pick<DrillRow, "state" | "crashedAt" | "incidentId" | "measured" | "finishedAt">> & { readonly reason?: Said };

/** The next step of a drill; nothing happens when it has ended meanwhile. False then. */
export function noteDrill(context: Context, drillId: string, change: DrillChange): Promise<boolean> {
  return inTransaction(context, (tx) => noteDrillIn(tx, drillId, change));
}

export async function noteDrillIn(tx: Transaction, drillId: string, change: DrillChange): Promise<boolean> {
  const row = await lockDrill(tx, drillId);
  if (!row || row.state === "done" || row.state === "failed") return false;
  const { reason, ...rest } = change;
  await writeDrill(tx, drillId, { ...rest, ...(reason === undefined ? {} : { reason: textOf(reason), reasonWords: wordsOf(reason) }) });
  await announce(tx, { organizationId: null, topic: "cluster", id: row.clusterId });
  await wake(tx, "drill-hosts");
  return true;
}
