import { DriverError } from "@/server/drivers/errors";
import type { RunLease } from "@/server/drivers/hypervisor/types";
import { cancelFencing, changeHostState, closeIncident, confirmFencing, lockHostRow, noteLease, openIncident, readFencingOrder, readFleet, type FencingRow, type Fleet, type HostRow } from "@/server/fleet";
import { closeHostUsage } from "@/server/metering";
import { sentence, type Sentence } from "@/server/platform/sentences";
import { inTransaction } from "@/server/platform/transaction";
import type { LoopDefinition, Pass, PassOutcome } from "./types";

/** While a host is silent its lease is looked at as often as the host renews it. */
const SILENT_PERIOD_MS = 1_000;
/** Of hosts that answer, only whether they keep one is of interest. */
const CALM_PERIOD_MS = 60_000;
/** A host without a lease gets one when its agent is installed; asked seldom, because looking for a file lists the pool. */
const MISSING_EVERY_MS = 300_000;
const READ_TIMEOUT_MS = 3_000;
/** Two looks so close show that the host renewed between them. */
const CLOSE_LOOKS_MS = 5_000;
/** Beyond the lease itself: the guard's own step of half a second, the killing, and the renewal that was under way. */
const MARGIN_MS = 5_000;
const SILENT: readonly HostRow["state"][] = ["suspect", "isolated", "unreachable", "fencing"];

interface Look {
  readonly beat: number;
  /** When this beat was first and last seen, our clock: the moments at which the questions were put. */
  readonly firstMs: number;
  readonly lastMs: number;
}

/**
 * Looks at the run-leases of silent hosts through the eyes of their neighbours. A lease that is renewed says that the host
 * lives and only cannot be reached; one that stands still for longer than it lasts says that the host has ended its machines.
 */
export class LeaseWatcher implements LoopDefinition {
  readonly name = "watch-leases";
  readonly periodMs = SILENT_PERIOD_MS;
  private readonly looks = new Map<string, Look>();
  private readonly askedMs = new Map<string, number>();

  async pass(pass: Pass): Promise<PassOutcome> {
    const fleet = await readFleet(pass.context, { allocations: false });
    let backlog = 0;
    for (const host of fleet.hosts.values()) {
      const silent = SILENT.includes(host.state) || (host.silentSince !== null && host.state === "up");
      if (silent) backlog += 1;
      else if (host.state !== "up") continue;
      if (this.due(pass, host, silent)) pass.background(host.id, () => this.look(pass, fleet, host, silent));
    }
    return { backlog, againInMs: SILENT_PERIOD_MS };
  }

  private due(pass: Pass, host: HostRow, silent: boolean): boolean {
    const nowMs = pass.context.clock.nowMs();
    const known = host.leaseBeat !== null;
    const everyMs = known ? (silent ? SILENT_PERIOD_MS * 0.9 : CALM_PERIOD_MS) : MISSING_EVERY_MS;
    if (host.hostUuid === null || nowMs - (this.askedMs.get(host.id) ?? -Infinity) < everyMs) return false;
    this.askedMs.set(host.id, nowMs);
    return true;
  }

  private async look(pass: Pass, fleet: Fleet, host: HostRow, silent: boolean): Promise<void> {
    const { context } = pass;
    const pool = fleet.pools.find((one) => one.clusterId === host.clusterId);
    // Asked itself, a host that answers is its own witness; a silent one is seen by a neighbour.
    const witnesses = [...fleet.hosts.values()].filter((one) => one.clusterId === host.clusterId && one.state === "up" && one.silentSince === null && (one.id !== host.id || !silent));
    const witness = silent ? witnesses[Math.floor(context.clock.nowMs() / SILENT_PERIOD_MS) % Math.max(1, witnesses.length)] : host;
    if (!pool || !witness || host.hostUuid === null) return;
    const askedMs = context.clock.nowMs();
    let lease: RunLease | null;
    try {
      lease = await pass.machines.host(witness).readLease(pool.name, host.hostUuid, { timeoutMs: READ_TIMEOUT_MS });
    } catch (error) {
      if (!(error instanceof DriverError)) throw error;
      context.logger.debug({ host: host.name, witness: witness.name, err: error }, "a lease could not be read");
      return;
    }
    if (!lease) return;
    const before = this.looks.get(host.id);
    const grew = before !== undefined && lease.beat > before.beat && askedMs - before.lastMs <= CLOSE_LOOKS_MS;
    // A beat that a former worker has seen already is as old as that worker says.
    const firstMs = before?.beat === lease.beat ? before.firstMs : host.leaseBeat === lease.beat && host.leaseSeenAt ? host.leaseSeenAt.getTime() : askedMs;
    this.looks.set(host.id, { beat: lease.beat, firstMs, lastMs: askedMs });
    if (host.leaseBeat !== lease.beat || host.leaseTtlSeconds !== lease.ttlSeconds) await inTransaction(context, (tx) => noteLease(tx, host.id, { beat: lease.beat, seenAt: new Date(firstMs), ttlSeconds: lease.ttlSeconds }));
    if (silent) await this.conclude(pass, fleet, host, { lease, grew, stillMs: askedMs - firstMs, pool: pool.name, witness });
  }

  private async conclude(pass: Pass, fleet: Fleet, host: HostRow, seen: { lease: RunLease; grew: boolean; stillMs: number; pool: string; witness: HostRow }): Promise<void> {
    const { lease, grew, stillMs } = seen;
    const fencing = fleet.fencings.get(host.id) ?? null;
    const ttlMs = lease.ttlSeconds * 1_000;
    const given = fencing ? fencing.requestedAt.getTime() : 0;
    if (fencing && lease.yieldedTo >= given) return fenced(pass, host, sentence("lease-yielded"), fencing);
    if (grew) return this.alive(pass, host, fencing, seen);
    if (stillMs < ttlMs) return;
    if (host.state === "isolated") return deserted(pass, host, stillMs);
    // Power comes first: the lease speaks where no controller could.
    if (stillMs >= ttlMs + MARGIN_MS && fencing && fencing.state !== "confirmed" && fencing.attempts > 0) {
      await fenced(pass, host, sentence("lease-still", { stillSeconds: Math.round(stillMs / 1_000), ttlSeconds: lease.ttlSeconds }), fencing);
    }
  }

  /** It lives. That is the end of a fencing that began because it was silent; one that an operator asked for goes through the storage. */
  private async alive(pass: Pass, host: HostRow, fencing: FencingRow | null, seen: { lease: RunLease; pool: string; witness: HostRow }): Promise<void> {
    const { context } = pass;
    const ordered = fencing ? await inTransaction(context, (tx) => readFencingOrder(tx, fencing), { readOnly: true }) : null;
    if (fencing && ordered) {
      // Its controller is tried first; it says within seconds whether it can.
      if (fencing.attempts === 0 || host.hostUuid === null) return;
      await pass.machines.host(seen.witness).askToYield(seen.pool, host.hostUuid, fencing.requestedAt.getTime(), { timeoutMs: READ_TIMEOUT_MS });
      return;
    }
    if (host.state === "isolated" || host.state === "up") return;
    const reason = sentence("lease-renewed", { witness: seen.witness.name });
    const isolated = await inTransaction(context, async (tx) => {
      const row = await lockHostRow(tx, host.id);
      if (!row?.silentSince || !["suspect", "unreachable", "fencing"].includes(row.state)) return null;
      await cancelFencing(tx, context, host.id, sentence("fencing-host-lives"));
      const between = row.state === "fencing" ? await changeHostState(tx, context, row, "unreachable", reason) : row;
      const after = await changeHostState(tx, context, between, "isolated", reason);
      await openIncident(tx, context, { clusterId: host.clusterId, hostId: host.id, kind: "host-isolated" }, sentence("incident-isolated", { host: host.name }), { kind: "signal", said: sentence("note-silent", { host: host.name }), at: row.silentSince });
      return after;
    });
    if (isolated) context.logger.warn({ host: host.name, witness: seen.witness.name }, "a silent host renews its lease; it is isolated, not dead");
  }
}

/** It was isolated, and now its lease stands still too. */
async function deserted(pass: Pass, host: HostRow, stillMs: number): Promise<void> {
  const { context } = pass;
  await inTransaction(context, async (tx) => {
    const row = await lockHostRow(tx, host.id);
    if (row?.state !== "isolated" || !row.silentSince) return;
    await changeHostState(tx, context, row, "unreachable", sentence("lease-deserted", { stillSeconds: Math.round(stillMs / 1_000) }));
    await closeIncident(tx, context, { clusterId: host.clusterId, hostId: host.id, kind: "host-isolated" }, { kind: "end", said: sentence("note-lease-stopped", { host: host.name }) });
  });
  pass.wake("fence-hosts");
}

async function fenced(pass: Pass, host: HostRow, why: Sentence, fencing: FencingRow): Promise<void> {
  const { context } = pass;
  const done = await inTransaction(context, (tx) => confirmFencing(tx, context, host.id, "lease", null, why));
  if (!done) return;
  pass.wake("fail-over-instances");
  pass.wake("wake-hosts");
  context.logger.warn({ host: host.name, attempts: fencing.attempts, why: why.text }, "the host is known dead by its lease");
  await inTransaction(context, (tx) => closeHostUsage(tx, context, { hostId: host.id, lastWord: host.lastSeenAt }));
}
