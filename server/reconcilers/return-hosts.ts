import { setPhase } from "@/server/compute";
import { DriverError } from "@/server/drivers/errors";
import { changeHostState, closeFencing, lockHostRow, readFleet, refreshFacts, type HostRow } from "@/server/fleet";
import { sentence, type Sentence } from "@/server/platform/sentences";
import { inTransaction } from "@/server/platform/transaction";
import { cleanHost } from "./remove-strays";
import { nameOrphans } from "./return/name-orphans";
import type { LoopDefinition, Pass } from "./types";

const FACTS_TIMEOUT_MS = 5_000;

/** Takes hosts back that answer again after they were dead or away: first what is stale there goes, then they are up. */
export const returnHostsLoop: LoopDefinition = {
  name: "return-hosts",
  periodMs: 2_000,
  async pass(pass) {
    const fleet = await readFleet(pass.context);
    const returning = [...fleet.hosts.values()].filter((host) => host.state === "returning");
    for (const host of returning) {
      const here = [...fleet.allocations.values()].filter((row) => row.hostId === host.id).map((row) => row.instanceId);
      pass.background(host.id, () => takeBack(pass, host, here));
    }
    return { backlog: returning.length };
  },
};

async function takeBack(pass: Pass, row: HostRow, allocatedHere: readonly string[]): Promise<void> {
  const { context, machines } = pass;
  try {
    const facts = await machines.host(row).facts({ timeoutMs: FACTS_TIMEOUT_MS });
    if (row.hostUuid !== null && facts.hostUuid !== row.hostUuid) {
      await settle(pass, row, "quarantined", sentence("host-other-machine", { address: row.uri, found: facts.hostUuid, enrolled: row.hostUuid }), []);
      return;
    }
    await cleanHost(pass, row);
    await takeBackYield(pass, row);
    await inTransaction(context, (tx) => refreshFacts(tx, row.id, { hostUuid: facts.hostUuid, hypervisorVersion: facts.hypervisorVersion, usableCpuModels: facts.usableCpuModels, cores: facts.cores, memoryMiB: facts.memoryMiB }));
    // Looked at twice: what was stale is gone only when the host itself no longer shows it.
    const second = await cleanHost(pass, row);
    if (second.removed > 0) throw new DriverError("failed", `${row.name} showed stale machines again after they were removed.`);
    await settle(pass, row, "up", sentence("host-back"), allocatedHere);
    await nameOrphans(pass, row);
  } catch (error) {
    if (!(error instanceof DriverError)) throw error;
    context.logger.warn({ host: row.name, err: error }, "the host could not be cleaned yet; tried again");
    await context.clock.sleep(1_000, pass.signal).catch(() => undefined);
  }
}

/** A host that was told through the storage to end its machines goes on ending them until that is taken back. */
async function takeBackYield(pass: Pass, row: HostRow): Promise<void> {
  const pool = (await readFleet(pass.context, { allocations: false })).pools.find((one) => one.clusterId === row.clusterId);
  if (row.leaseBeat !== null && row.hostUuid !== null && pool) await pass.machines.host(row).askToYield(pool.name, row.hostUuid, null);
}

async function settle(pass: Pass, row: HostRow, to: "up" | "quarantined", reason: Sentence, allocatedHere: readonly string[]): Promise<void> {
  const { context } = pass;
  const done = await inTransaction(context, async (tx) => {
    const host = await lockHostRow(tx, row.id);
    if (host?.state !== "returning") return false;
    await changeHostState(tx, context, host, to, reason);
    await setPhase(tx, context, allocatedHere, null);
    // Whatever still stood here when it came back simply starts here again; the fencing has nothing more to do.
    await closeFencing(tx, context, row.id, { returned: true });
    return true;
  });
  if (!done) return;
  context.logger.info({ host: row.name, to }, "host returned");
  pass.wake("place-instances");
  pass.wake("observe-hosts");
  pass.wake("converge-instances");
}
