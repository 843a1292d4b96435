import type { Context } from "@/server/platform/context";
import { notFound } from "@/server/platform/errors";
import { inTransaction } from "@/server/platform/transaction";
import { findCluster } from "../cluster/store";
import { defaultAutomation } from "./rules";
import { automationRows, findAutomation } from "./store";
import type { Automation } from "./types";

/** Settings of the clusters that have any, by cluster; the others do nothing by themselves. */
export function readAutomations(context: Context): Promise<ReadonlyMap<string, Automation>> {
  return inTransaction(context, async (tx) => new Map((await automationRows(tx)).map((row) => [row.clusterId, row])), { readOnly: true });
}

/** One cluster's settings, or what holds while nobody has touched them. */
export function getAutomation(context: Context, clusterId: string): Promise<Automation> {
  return inTransaction(context, async (tx) => {
    if (!(await findCluster(tx, clusterId))) throw notFound("cluster", clusterId);
    const row = await findAutomation(tx, clusterId);
    if (!row) return defaultAutomation(clusterId);
    const { updatedAt: _at, updatedBy: _by, ...settings } = row;
    return settings;
  });
}
