import type { Context } from "@/server/platform/context";
import { notFound } from "@/server/platform/errors";
import { textOf, wordsOf } from "@/server/platform/sentences";
import type { Transaction } from "@/server/platform/transaction";
import { deriveStatus, explainStatus } from "./derive-status";
import { selectSummary, type SummaryRow } from "./store";
import type { InstanceSummary } from "./types";

/** What lists and answers show of an instance. */
export function toSummary({ row, observation, flavorName, imageName, privateIp }: SummaryRow, now: Date): InstanceSummary {
  const facts = { ...row, observation };
  const status = deriveStatus(facts, now);
  const reason = explainStatus(status, facts);
  return {
    id: row.id,
    name: row.name,
    status,
    statusReason: reason === null ? null : textOf(reason),
    statusWords: reason === null ? null : wordsOf(reason),
    flavorName,
    imageName,
    vcpus: row.vcpus,
    memoryMiB: row.memoryMiB,
    diskGiB: row.diskGiB,
    privateIp,
    createdAt: row.createdAt,
    runningSince: observation?.runningSince ?? null,
    pendingBootReason: observation?.pendingBootReason ?? null,
    pendingBootWords: observation?.pendingBootWords ?? null,
  };
}

/** The summary of one instance as this transaction sees it. */
export async function readSummary(tx: Transaction, context: Context, instanceId: string): Promise<InstanceSummary> {
  const found = await selectSummary(tx, context, instanceId);
  if (!found) throw notFound("instance", instanceId);
  return toSummary(found, context.clock.now());
}
