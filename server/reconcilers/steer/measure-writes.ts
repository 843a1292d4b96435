import { DriverError } from "@/server/drivers/errors";
import { noteDirtyRate, type FleetSnapshot } from "@/server/fleet";
import { inTransaction } from "@/server/platform/transaction";
import type { Pass } from "../types";

/** Over one second a guest's rhythm is seen; QEMU looks at a sample of its pages and the guest notices nothing. */
const SECONDS = 1;
/** One guest a host and turn: with twenty guests each is asked every ten minutes. */
const TURN_MS = 30_000;
const HOSTS_AT_ONCE = 128;

/** Asks one guest; null where its host cannot say. What it says is kept. */
export async function askDirtyRate(pass: Pass, snapshot: FleetSnapshot, instanceId: string, hostId: string): Promise<number | null> {
  const host = snapshot.hosts.get(hostId);
  if (!host) return null;
  try {
    const rate = await pass.machines.host(host).dirtyRate(instanceId, SECONDS);
    if (rate !== null) await inTransaction(pass.context, (tx) => noteDirtyRate(tx, pass.context, instanceId, rate));
    return rate;
  } catch (error) {
    if (!(error instanceof DriverError)) throw error;
    pass.context.logger.debug({ instanceId, err: error }, "the rate of memory writes could not be asked; the last one known counts");
    return null;
  }
}

/** How fast guests write, guest after guest: what predicts how long their moves take, and whether they can be copied at all. */
export async function measureWrites(pass: Pass, snapshot: FleetSnapshot): Promise<void> {
  const turn = Math.floor(pass.context.clock.nowMs() / TURN_MS);
  const due = guestsOfTurn(snapshot, turn);
  for (let at = 0; at < due.length && !pass.signal.aborted; at += HOSTS_AT_ONCE) {
    await Promise.all(due.slice(at, at + HOSTS_AT_ONCE).map((one) => askDirtyRate(pass, snapshot, one.instanceId, one.hostId)));
  }
}

/** The guest of each host whose turn it is. Pure. */
export function guestsOfTurn(snapshot: Pick<FleetSnapshot, "hosts" | "allocations" | "instances" | "migrations">, turn: number): { readonly hostId: string; readonly instanceId: string }[] {
  const moving = new Set(snapshot.migrations.map((move) => move.instanceId));
  const here = new Map<string, string[]>();
  for (const row of snapshot.allocations.values()) {
    const seen = snapshot.instances.get(row.instanceId)?.observation;
    if (seen?.state !== "running" || seen.hostId !== row.hostId || moving.has(row.instanceId) || snapshot.hosts.get(row.hostId)?.state !== "up") continue;
    here.set(row.hostId, [...(here.get(row.hostId) ?? []), row.instanceId]);
  }
  return [...here].flatMap(([hostId, ids]) => {
    const instanceId = ids.toSorted()[turn % ids.length];
    return instanceId === undefined ? [] : [{ hostId, instanceId }];
  });
}
