import { NodePgDatabase, NodePgSession } from "drizzle-orm/node-postgres";
import pg from "pg";
import { RememberingDialect } from "./dialect";

export type Database = NodePgDatabase & { readonly pool: pg.Pool };
/** One open transaction; every statement of a request goes through it. */
export type Transaction = Parameters<Parameters<NodePgDatabase["transaction"]>[0]>[0];

export interface DatabaseOptions {
  readonly url: string;
  /** Connections of this process; Postgres allows 100 to 200 in all. */
  readonly poolSize?: number;
  readonly applicationName?: string;
}

/** Every database of a process writes its statements by one dialect, which remembers how. */
const dialect = new RememberingDialect();

/** Drizzle on a pool. */
export function databaseOn(pool: pg.Pool): Database {
  return Object.assign(new NodePgDatabase(dialect, new NodePgSession(pool, dialect, undefined), undefined), { pool });
}

/** Opens a pool; connects at the first query. */
export function openDatabase(options: DatabaseOptions): Database {
  const pool = new pg.Pool({
    connectionString: options.url,
    max: options.poolSize ?? 10,
    application_name: options.applicationName ?? "berth",
    idleTimeoutMillis: 30_000,
    connectionTimeoutMillis: 10_000,
  });
  // An idle connection that breaks (Postgres restarted) is replaced by the pool; the next query reports trouble.
  pool.on("error", () => undefined);
  return databaseOn(pool);
}
