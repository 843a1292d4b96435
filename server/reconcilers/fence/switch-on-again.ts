import { DriverError } from "@/server/drivers/errors";
import { askSecondRestored, noteIncident, readFencings, readPowerConfigs, type Fleet, type FencingRow, type HostRow } from "@/server/fleet";
import { sentence } from "@/server/platform/sentences";
import { inTransaction } from "@/server/platform/transaction";
import type { Pass } from "../types";
import { switchOnAll } from "./switch-on-all";

/** Its controller is given so long to take the order; what does not come back after that is for a person to look at. */
const WITHIN_MS = 120_000;
const ON_TIMEOUT_MS = 10_000;
const ASK_AGAIN_MS = 15_000;
/** A host that had to be switched off twice within this is not trusted with a third start. */
const TWICE_WITHIN_MS = 3_600_000;
const FENCINGS_READ = 5;

/**
 * Whatever was switched off here because it was silent is switched on again once its machines run elsewhere: a hanging daemon is gone then, and
 * the cluster has its room back. A host that lost its power by itself, or was fenced by an operator's word, stays as it is.
 */
export function switchOnAgain(pass: Pass, fleet: Fleet): void {
  const nowMs = pass.context.clock.nowMs();
  const occupied = new Set([...fleet.allocations.values()].map((row) => row.hostId));
  for (const host of fleet.hosts.values()) {
    if (host.state !== "fenced" || host.maintenance || host.drainRequestedAt !== null || occupied.has(host.id) || fleet.fencings.has(host.id)) continue;
    if (nowMs - host.stateChangedAt.getTime() < WITHIN_MS) pass.background(`on again ${host.id}`, () => switchOn(pass, host));
  }
}

/** Whether the newest fencing is one that a start may follow. Newest first. Pure. */
export function mayStartAgain(fencings: readonly Pick<FencingRow, "state" | "method" | "reasonWords" | "confirmedAt">[], nowMs: number): boolean {
  const ours = (one: (typeof fencings)[number]): boolean => one.state === "confirmed" && one.method === "power" && (one.reasonWords ?? []).some((word) => word.code === "host-silent-for");
  const [newest, ...earlier] = fencings;
  if (!newest || !ours(newest)) return false;
  return !earlier.some((one) => ours(one) && nowMs - (one.confirmedAt?.getTime() ?? 0) < TWICE_WITHIN_MS);
}

async function switchOn(pass: Pass, host: HostRow): Promise<void> {
  const { context } = pass;
  const fencings = await inTransaction(context, (tx) => readFencings(tx, host.id, FENCINGS_READ), { readOnly: true });
  const config = (await readPowerConfigs(context, [host.id])).get(host.id);
  if (config && mayStartAgain(fencings, context.clock.nowMs())) {
    try {
      await switchOnAll(pass, host.id, config, ON_TIMEOUT_MS);
      context.logger.info({ host: host.name }, "a host that was fenced is switched on again");
      await inTransaction(context, (tx) => noteIncident(tx, context, { clusterId: host.clusterId, hostId: host.id, kind: "host-lost" }, { kind: "power", said: sentence("note-switched-on", { host: host.name }) }));
    } catch (error) {
      if (!(error instanceof DriverError)) throw error;
      context.logger.warn({ host: host.name, err: error }, "a fenced host could not be switched on again");
      // A controller that just got its mains back takes minutes to answer; whoever cut them goes on asking.
      if (config["second"] !== undefined) await inTransaction(context, (tx) => askSecondRestored(tx, context, host.id));
    }
  }
  // The end of this wakes the loop, which would ask again at once.
  await context.clock.sleep(ASK_AGAIN_MS, pass.signal).catch(() => undefined);
}
