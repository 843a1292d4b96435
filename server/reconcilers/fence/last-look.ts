import { DriverError } from "@/server/drivers/errors";
import type { Fleet, HostRow } from "@/server/fleet";
import type { Pass } from "../types";

/** Two looks so far apart see a beat between them, also on a host that is late: it renews each second. */
export const LAST_LOOK_MS = 3_000;
const READ_TIMEOUT_MS = 2_000;

/**
 * Whether a silent host renewed its run-lease between now and the moment at which it is to be fenced, as a neighbour sees it. The loop
 * watch-leases looks as well; but whoever took that loop over a moment ago has not looked twice yet, and a host is not shot for that.
 * False where nobody can tell: then its silence counts. Waits until `dueMs` is over.
 */
export async function renewsLease(pass: Pass, fleet: Fleet, host: HostRow, dueMs: number): Promise<boolean> {
  const { clock } = pass.context;
  const first = await beatOf(pass, fleet, host);
  await clock.sleep(Math.max(dueMs, first === null ? 0 : LAST_LOOK_MS), pass.signal).catch(() => undefined);
  const second = first === null ? null : await beatOf(pass, fleet, host);
  return first !== null && second !== null && second > first;
}

async function beatOf(pass: Pass, fleet: Fleet, host: HostRow): Promise<number | null> {
  const pool = fleet.pools.find((one) => one.clusterId === host.clusterId);
  const witnesses = [...fleet.hosts.values()].filter((one) => one.clusterId === host.clusterId && one.id !== host.id && one.state === "up" && one.silentSince === null);
  for (const witness of witnesses) {
    if (!pool || host.hostUuid === null) return null;
    try {
      return (await pass.machines.host(witness).readLease(pool.name, host.hostUuid, { timeoutMs: READ_TIMEOUT_MS }))?.beat ?? null;
    } catch (error) {
      // This one has fallen silent as well; another one is asked.
      if (!(error instanceof DriverError)) throw error;
    }
  }
  return null;
}
