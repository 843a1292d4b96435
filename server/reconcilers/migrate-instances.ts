import { DriverError } from "@/server/drivers/errors";
import { ABORT_WANTED, readFleet, failMigration, type Fleet, type MigrationRow } from "@/server/fleet";
import { sentence, type Sentence } from "@/server/platform/sentences";
import { inTransaction } from "@/server/platform/transaction";
import { setPhase } from "@/server/compute";
import { executeMigration } from "./migrate/execute";
import { settleMigration } from "./migrate/settle";
import type { LoopDefinition, Pass } from "./types";

const PERIOD_MS = 1_000;
/** In and out counted together: a link shared by more makes every pre-copy slower, and all of them less likely to converge. */
const AT_ONCE_PER_HOST = 2;
const AT_ONCE = 16;
const CALL_OFF_TIMEOUT_MS = 3_000;
const CALL_OFF_AGAIN_MS = 100;
/** What has not stopped by then is looked at by a new pass. */
const CALL_OFF_FOR_MS = 20_000;

/** Carries out planned migrations, wave by wave, and finds out how those ended whose worker or host died. */
export const migrateInstancesLoop: LoopDefinition = {
  name: "migrate-instances",
  periodMs: PERIOD_MS,
  async pass(pass) {
    const fleet = await readFleet(pass.context);
    const open = [...fleet.migrations.values()].sort((a, b) => a.wave - b.wave || (a.id < b.id ? -1 : 1));
    const load = new Map<string, number>();
    const count = (hostId: string): number => load.get(hostId) ?? 0;
    const take = (move: MigrationRow): void => {
      load.set(move.fromHostId, count(move.fromHostId) + 1);
      load.set(move.toHostId, count(move.toHostId) + 1);
    };
    let running = 0;
    for (const move of open.filter((candidate) => candidate.state === "running")) {
      running += 1;
      take(move);
      if (move.error === ABORT_WANTED) pass.background(`abort ${move.id}`, () => callOff(pass, fleet, move));
      // Begun by somebody who is gone: nothing is known, so look before anything else.
      pass.background(move.id, () => settleMigration(pass, move));
    }
    for (const move of open.filter((candidate) => candidate.state === "planned")) {
      if (pass.signal.aborted || running >= AT_ONCE) break;
      const impossible = whyImpossible(fleet, move);
      if (impossible) {
        await inTransaction(pass.context, async (tx) => {
          await failMigration(tx, pass.context, move.id, "aborted", impossible);
          await setPhase(tx, pass.context, [move.instanceId], null);
        });
        continue;
      }
      const earlier = open.some((other) => other.fromHostId === move.fromHostId && other.wave < move.wave);
      if (earlier || count(move.fromHostId) >= AT_ONCE_PER_HOST || count(move.toHostId) >= AT_ONCE_PER_HOST) continue;
      running += 1;
      take(move);
      pass.background(move.id, () => executeMigration(pass, move));
    }
    return { backlog: open.length, againInMs: PERIOD_MS };
  },
};

/**
 * The copying is stopped at its source; whoever carries the move out hears of it and settles where the guest is. A hypervisor that still
 * prepares the move has nothing to stop yet, and says so: while the move is under way here it is told again and again.
 */
async function callOff(pass: Pass, fleet: Fleet, move: MigrationRow): Promise<void> {
  const { clock, logger } = pass.context;
  const from = fleet.hosts.get(move.fromHostId);
  if (!from) return;
  const begunMs = clock.nowMs();
  let orders = 0;
  do {
    try {
      orders += 1;
      await pass.machines.host(from).abortMigration(move.instanceId, { timeoutMs: CALL_OFF_TIMEOUT_MS });
    } catch (error) {
      // It has just ended, or its host does not answer: then it is settled like any other.
      if (!(error instanceof DriverError)) throw error;
    }
    if (pass.busy(move.id)) await clock.sleep(CALL_OFF_AGAIN_MS, pass.signal).catch(() => undefined);
  } while (pass.busy(move.id) && !pass.signal.aborted && clock.nowMs() - begunMs < CALL_OFF_FOR_MS);
  logger.info({ instanceId: move.instanceId, from: from.name, orders, tookMs: clock.nowMs() - begunMs }, "a migration was called off");
}

function whyImpossible(fleet: Fleet, move: MigrationRow): Sentence | null {
  const from = fleet.hosts.get(move.fromHostId);
  const to = fleet.hosts.get(move.toHostId);
  if (fleet.allocations.get(move.instanceId)?.hostId !== move.fromHostId) return sentence("move-elsewhere");
  if (from?.state !== "up") return sentence("move-source-not-up", { host: from?.name ?? move.fromHostId });
  if (to?.state !== "up" || to.maintenance) return sentence("move-target-not-up", { host: to?.name ?? move.toHostId });
  return null;
}
