import { getInstancesForConverge } from "@/server/compute";
import { DriverError } from "@/server/drivers/errors";
import type { DomainObservation } from "@/server/drivers/hypervisor/types";
import { readFleet, type HostRow } from "@/server/fleet";
import { inTransaction } from "@/server/platform/transaction";
import { isStray } from "./observe/compare";
import type { LoopDefinition, Pass } from "./types";

const OBSERVE_TIMEOUT_MS = 3_000;

/** Removes what stands on a host and has no business there: an older life, or a place that was given to another host. */
export const removeStraysLoop: LoopDefinition = {
  name: "remove-strays",
  periodMs: 60_000,
  async pass(pass) {
    const fleet = await readFleet(pass.context, { allocations: false });
    const up = [...fleet.hosts.values()].filter((host) => host.state === "up");
    // Within the pass: work in the background ends with a wake, and this loop would then never rest.
    const looks = await Promise.allSettled(up.map((host) => cleanHost(pass, host)));
    const failed = looks.filter((look) => look.status === "rejected");
    for (const { reason } of failed) {
      // A host that does not answer is looked at again when it does; anything else is ours to mend.
      if (!(reason instanceof DriverError)) throw reason;
    }
    return { backlog: failed.length };
  },
};

/**
 * Looks at one host and removes the strays. The host is asked first and the fleet is read afterwards: whatever was
 * placed here before the host was asked is known then, so that nothing new is taken for a stray. Answers how many
 * domains of ours that cannot be accounted for were left.
 */
export async function cleanHost(pass: Pass, row: HostRow): Promise<{ removed: number; unknown: number }> {
  const { context, machines } = pass;
  const host = machines.host(row);
  const { domains } = await host.observe({ timeoutMs: OBSERVE_TIMEOUT_MS });
  const fleet = await readFleet(context);
  const suspects = domains.filter((domain) => domain.epoch !== null && !fleet.migrations.has(domain.instanceId) && isStray(domain, fleet.allocations.get(domain.instanceId), row.id));
  if (suspects.length === 0) return { removed: 0, unknown: 0 };
  const known = await knownInstances(pass, suspects);
  let removed = 0;
  for (const domain of suspects) {
    if (pass.signal.aborted) break;
    // A domain of ours that the database has never heard of speaks for a database older than the host: hands off.
    if (!known.has(domain.instanceId)) continue;
    const now = await readFleet(context);
    if (now.migrations.has(domain.instanceId) || !isStray(domain, now.allocations.get(domain.instanceId), row.id)) continue;
    await removeDomain(host, domain.instanceId);
    removed += 1;
    context.logger.warn({ host: row.name, instanceId: domain.instanceId, epoch: domain.epoch, state: domain.state }, "a machine that is no longer this host's was removed");
  }
  const unknown = suspects.filter((domain) => !known.has(domain.instanceId)).length;
  if (unknown > 0) context.logger.error({ host: row.name, unknown }, "machines with our mark stand on the host, and the database does not know them; they are left alone");
  return { removed, unknown };
}

async function removeDomain(host: ReturnType<Pass["machines"]["host"]>, instanceId: string): Promise<void> {
  try {
    await host.stopDomain(instanceId, "destroy");
    await host.removeDomain(instanceId);
  } catch (error) {
    if (!(error instanceof DriverError && error.code === "not-found")) throw error;
  }
}

async function knownInstances(pass: Pass, domains: readonly DomainObservation[]): Promise<Set<string>> {
  const ids = domains.map((domain) => domain.instanceId);
  const rows = await inTransaction(pass.context, (tx) => getInstancesForConverge(tx, pass.context, ids), { readOnly: true });
  return new Set(rows.map((row) => row.id));
}
