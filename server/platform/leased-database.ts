import type { Database } from "@/db/client";
import { assertLease, type Lease } from "./lease";

/**
 * A database of which every writing transaction first proves that the lease is still ours, so that no verb called by a
 * loop can forget it: a worker that slept past its lease writes nothing.
 */
export function leasedDatabase(db: Database, lease: () => Lease): Database {
  const leased: Database = Object.create(db) as Database;
  leased.transaction = (work, config) =>
    db.transaction(async (tx) => {
      if (config?.accessMode !== "read only") await assertLease(tx, lease());
      return work(tx);
    }, config);
  return leased;
}
