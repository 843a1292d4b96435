import { setPhase } from "@/server/compute";
import { DriverError } from "@/server/drivers/errors";
import type { MigrationResult } from "@/server/drivers/hypervisor/types";
import { failMigration, readFleet, readMoveChoice, startMigration, type MigrationRow } from "@/server/fleet";
import { inTransaction } from "@/server/platform/transaction";
import type { Pass } from "../types";
import { concludeMoved, settleMigration } from "./settle";

/** Long pauses are felt by users; a guest that writes too fast for this is forced over after the last round. */
const MAX_DOWNTIME_MS = 300;
/** A guest of 64 GiB over 10 GbE takes about a minute a pass. */
export const MIGRATION_TIMEOUT_MS = 300_000;

/** One live migration from the first call to the moved allocation. */
export async function executeMigration(pass: Pass, move: MigrationRow): Promise<void> {
  const { context, machines } = pass;
  const fleet = await readFleet(context);
  const from = fleet.hosts.get(move.fromHostId);
  const to = fleet.hosts.get(move.toHostId);
  const allocation = fleet.allocations.get(move.instanceId);
  if (!from || !to || !allocation) return;
  const choice = await inTransaction(context, async (tx) => {
    if (!(await startMigration(tx, context, move.id))) return null;
    await setPhase(tx, context, [move.instanceId], "migrating");
    return readMoveChoice(tx, move.decisionId);
  });
  if (!choice) return;
  context.logger.info({ instanceId: move.instanceId, from: from.name, to: to.name }, "migrating");
  let result: MigrationResult;
  try {
    result = await machines.host(from).migrate({
      instanceId: move.instanceId,
      epoch: allocation.epoch,
      to: machines.endpoint(to),
      bandwidthMiBs: 0,
      maxDowntimeMs: MAX_DOWNTIME_MS,
      timeoutMs: MIGRATION_TIMEOUT_MS,
      mode: choice.mode,
    });
  } catch (error) {
    if (!(error instanceof DriverError)) throw error;
    context.logger.warn({ instanceId: move.instanceId, from: from.name, to: to.name, code: error.code, err: error }, "a migration did not end as planned; both hosts are asked");
    // Refused before anything was copied: the guest never left.
    if (error.code === "invalid" || error.code === "unsupported" || error.code === "insufficient" || error.code === "not-found") return abandon(pass, move, error.message);
    return settleMigration(pass, { ...move, state: "running" }, error.message);
  }
  await concludeMoved(pass, move, result);
}

async function abandon(pass: Pass, move: MigrationRow, why: string): Promise<void> {
  await inTransaction(pass.context, async (tx) => {
    await failMigration(tx, pass.context, move.id, "failed", why);
    await setPhase(tx, pass.context, [move.instanceId], null);
  });
}
