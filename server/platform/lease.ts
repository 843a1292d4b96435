import { sql } from "drizzle-orm";
import type { Database } from "@/db/client";
import type { Transaction } from "./transaction";

/** The right to run one loop for a while. Times are the database's own, so that workers' clocks do not matter. */
export interface Lease {
  readonly name: string;
  readonly holder: string;
  /** Rises with every new holder; see `assertLease`. */
  readonly epoch: number;
}

/** Thrown inside a transaction of a holder that is one no longer; the transaction changes nothing. */
export class LeaseLost extends Error {
  override readonly name = "LeaseLost";
  constructor(lease: Lease) {
    super(`The lease on ${lease.name} passed to another worker while ${lease.holder} held epoch ${lease.epoch}; nothing was written.`);
  }
}

/** Takes a free or expired lease, or renews one's own. Null while somebody else holds it. */
export async function acquireLease(db: Database, name: string, holder: string, ttlMs: number): Promise<Lease | null> {
  const result = await db.execute<{ epoch: string }>(sql`
    insert into loop_lease as l (name, holder, epoch, expires_at)
    values (${name}, ${holder}, 1, now() + ${ttlMs} * interval '1 millisecond')
    on conflict (name) do update set
      epoch = case when l.holder = excluded.holder then l.epoch else l.epoch + 1 end,
      holder = excluded.holder, expires_at = excluded.expires_at
    where l.holder = excluded.holder or l.expires_at < now()
    returning epoch`);
  const row = result.rows[0];
  return row ? { name, holder, epoch: Number(row.epoch) } : null;
}

/** Renews leases of one holder in one statement; answers the epoch of each that is still its own. */
export async function renewLeases(db: Database, leases: readonly Lease[], holder: string, ttlMs: number): Promise<Map<string, number>> {
  if (leases.length === 0) return new Map();
  const names = leases.map((lease) => lease.name).sort();
  const result = await db.execute<{ name: string; epoch: string }>(sql`
    update loop_lease set expires_at = now() + ${ttlMs} * interval '1 millisecond'
    where holder = ${holder} and name = any(${sql.param(names)}) returning name, epoch`);
  return new Map(result.rows.map((row) => [row.name, Number(row.epoch)]));
}

/** Gives a lease back, so that the next worker need not wait for its end. */
export async function releaseLease(db: Database, lease: Lease): Promise<void> {
  await db.execute(sql`update loop_lease set expires_at = now() - interval '1 second' where name = ${lease.name} and holder = ${lease.holder} and epoch = ${lease.epoch}`);
}

/** The first statement of every write of a loop: refuses when the lease passed on. Holds the row until commit. */
export async function assertLease(tx: Transaction, lease: Lease): Promise<void> {
  const result = await tx.execute(sql`select 1 from loop_lease where name = ${lease.name} and holder = ${lease.holder} and epoch = ${lease.epoch} and expires_at > now() for share`);
  if (result.rows.length === 0) throw new LeaseLost(lease);
}
