import type { Context } from "@/server/platform/context";
import { sentence, textOf, type Said } from "@/server/platform/sentences";
import type { Transaction } from "@/server/platform/transaction";
import { announce, wake } from "@/server/platform/wake";
import { moveAllocation, lockAllocation, releaseOnHost, resizeAllocationRow } from "../allocation/store";
import { raiseGeneration } from "../cluster/store";
import { measureDecision } from "../decision/record-decision";
import type { MigrationRow } from "../types";
import { lockMigration, openMigrationsTouching, writeMigration } from "./store";

/** Says that the driver is being asked now. False when the migration was ended meanwhile. */
export async function startMigration(tx: Transaction, context: Context, migrationId: string): Promise<boolean> {
  const row = await lockMigration(tx, migrationId);
  if (!row || (row.state !== "planned" && row.state !== "running")) return false;
  if (row.state === "planned") await writeMigration(tx, migrationId, { state: "running", startedAt: context.clock.now() });
  return true;
}

export interface MigrationFigures {
  readonly totalMs: number | null;
  readonly downtimeMs: number | null;
  readonly transferredBytes: number | null;
}

/**
 * The guest was seen on the target: its allocation moves there. The epoch stays: it is the same QEMU's life, the
 * domain carries the epoch over in its metadata, and the source keeps no definition that an older epoch could start.
 */
export async function finishMigration(tx: Transaction, context: Context, migrationId: string, figures: MigrationFigures): Promise<MigrationRow | null> {
  const row = await lockMigration(tx, migrationId);
  if (!row || (row.state !== "planned" && row.state !== "running")) return null;
  const allocation = await lockAllocation(tx, row.instanceId);
  if (!allocation || allocation.hostId !== row.fromHostId) {
    await abandon(tx, context, row, "aborted", sentence("move-elsewhere"));
    return null;
  }
  const now = context.clock.now();
  await moveAllocation(tx, allocation, { hostId: row.toHostId, epoch: allocation.epoch, decisionId: row.decisionId, decidedAt: now });
  await resizeAllocationRow(tx, row.instanceId, { vcpus: row.vcpus, memoryMiB: row.memoryMiB, cpuReservationMillicores: row.cpuReservationMillicores, memoryReservationMiB: row.memoryReservationMiB });
  await raiseGeneration(tx, row.clusterId);
  await releaseOnHost(tx, row.fromHostId, allocation);
  await writeMigration(tx, migrationId, { state: "done", finishedAt: now, error: null, ...figures });
  await measureDecision(tx, context, row.decisionId, { ...figures }, "applied");
  await tellHosts(tx, row);
  return { ...row, state: "done", finishedAt: now, ...figures };
}

/** The guest was seen at the source, or was never asked to move: the target's room is given back. */
export async function failMigration(tx: Transaction, context: Context, migrationId: string, end: "failed" | "aborted", error: Said): Promise<MigrationRow | null> {
  const row = await lockMigration(tx, migrationId);
  if (!row || (row.state !== "planned" && row.state !== "running")) return null;
  await abandon(tx, context, row, end, error);
  return row;
}

/** Written into a move that runs, for the loop that carries it out: it stops the copying, and the guest stays where it is. */
export const ABORT_WANTED = "it was called off";

/** Calls off what leaves a host: planned moves at once, those under way as soon as their hypervisor has stopped copying. */
export async function abortMovesFrom(tx: Transaction, context: Context, hostId: string, why: Said): Promise<void> {
  for (const move of await openMigrationsTouching(tx, hostId)) {
    if (move.fromHostId !== hostId) continue;
    // Decided by what the locked row says: one that has begun meanwhile must not be ended here while it is copied.
    const now = await lockMigration(tx, move.id);
    if (now?.state === "planned") await failMigration(tx, context, move.id, "aborted", why);
    else if (now?.state === "running") await writeMigration(tx, move.id, { error: ABORT_WANTED });
  }
  await wake(tx, "migrate-instances");
}

async function abandon(tx: Transaction, context: Context, row: MigrationRow, end: "failed" | "aborted", error: Said): Promise<void> {
  await raiseGeneration(tx, row.clusterId);
  await releaseOnHost(tx, row.toHostId, row);
  await writeMigration(tx, row.id, { state: end, finishedAt: context.clock.now(), error: textOf(error) });
  await measureDecision(tx, context, row.decisionId, { error }, end === "failed" ? "failed" : "superseded");
  await tellHosts(tx, row);
}

async function tellHosts(tx: Transaction, row: MigrationRow): Promise<void> {
  await announce(tx, { organizationId: null, topic: "host", id: row.fromHostId });
  await announce(tx, { organizationId: null, topic: "host", id: row.toHostId });
  await wake(tx, "migrate-instances", "evacuate-hosts", "place-instances", "converge-instances");
}
