import { createHash } from "node:crypto";
import pg from "pg";
import { StatementReader } from "./statements";

export type Role = "app" | "worker" | "owner";

/** One real connection, used by one simulated one at a time. */
export interface RealConnection {
  readonly client: pg.Client;
  readonly pid: number;
  readonly prepared: Set<string>;
}

/** How long a statement may take before somebody looks whether it waits for a lock. A slow one is looked at and waited for. */
const LOOK_FOR_LOCKS_MS = 15;
/** Longer than the database's own deadlock timeout, which server.ts sets. */
const DEADLOCK_MS = 40;
const KEPT_ANSWERS = 20_000;

interface Kept {
  readonly versions: readonly number[];
  readonly tables: readonly string[];
  readonly result: pg.QueryResult;
}

/**
 * The real Postgres below a simulation: its connections, the answers that are still true, and who waits for whose lock.
 * It is asked by one statement at a time, so that what happens does not depend on how fast it is.
 */
export class SimPostgres {
  private readonly idle = new Map<Role, RealConnection[]>();
  private readonly versions = new Map<string, number>();
  private readonly kept = new Map<string, Kept>();
  private readonly blocked = new Set<Blocked>();
  private monitor: pg.Client | null = null;
  /** Rises with every change that is committed. */
  moment = 0;
  readonly counts = { sent: 0, kept: 0, blocked: 0 };

  private constructor(
    readonly urls: Readonly<Record<Role, string>>,
    readonly reader: StatementReader,
  ) {}

  static async open(urls: Readonly<Record<Role, string>>): Promise<SimPostgres> {
    const owner = new pg.Client({ connectionString: urls.owner });
    await owner.connect();
    try {
      const tables = (await owner.query<{ name: string }>("select relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace where nspname = 'public' and relkind in ('r', 'p')")).rows.map((row) => row.name);
      const triggers = await owner.query<{ name: string; source: string }>("select c.relname as name, p.prosrc as source from pg_trigger t join pg_class c on c.oid = t.tgrelid join pg_proc p on p.oid = t.tgfoid where not t.tgisinternal");
      const cascades = await owner.query<{ child: string; parent: string }>("select c.relname as child, f.relname as parent from pg_constraint k join pg_class c on c.oid = k.conrelid join pg_class f on f.oid = k.confrelid where k.contype = 'f' and k.confdeltype in ('c', 'n', 'd')");
      const follows = new Map<string, string[]>();
      const follow = (table: string, also: string): void => void follows.set(table, [...(follows.get(table) ?? []), also]);
      for (const { name, source } of triggers.rows) for (const table of tables) if (new RegExp(`\\b${table}\\b`).test(source)) follow(name, table);
      for (const { child, parent } of cascades.rows) follow(parent, child);
      return new SimPostgres(urls, new StatementReader(tables, follows));
    } finally {
      await owner.end();
    }
  }

  async take(role: Role): Promise<RealConnection> {
    const free = this.idle.get(role)?.pop();
    if (free) return free;
    const client = new pg.Client({ connectionString: this.urls[role], application_name: "berth-sim" });
    client.on("error", () => undefined);
    await client.connect();
    const { rows } = await client.query<{ pid: number }>("select pg_backend_pid() as pid");
    return { client, pid: rows[0]?.pid ?? 0, prepared: new Set() };
  }

  give(role: Role, connection: RealConnection): void {
    const free = this.idle.get(role);
    if (free) free.push(connection);
    else this.idle.set(role, [connection]);
  }

  /** Ends transactions that somebody left open, without hurry: its connection is found free afterwards. */
  async abandon(role: Role, connection: RealConnection): Promise<void> {
    await connection.client.query("rollback");
    this.give(role, connection);
    await this.lookAtBlocked();
  }

  /** A kept answer that nothing has changed since; null when there is none. */
  answer(key: string): pg.QueryResult | null {
    const kept = this.kept.get(key);
    if (!kept || kept.tables.some((table, index) => this.version(table) !== kept.versions[index])) return null;
    this.counts.kept += 1;
    return { ...kept.result, rows: structuredClone(kept.result.rows) as unknown[] };
  }

  keep(key: string, tables: readonly string[], result: pg.QueryResult): void {
    if (this.kept.size > KEPT_ANSWERS) this.kept.clear();
    this.kept.set(key, { tables, versions: tables.map((table) => this.version(table)), result: { ...result, rows: structuredClone(result.rows) as unknown[] } });
  }

  changed(tables: Iterable<string>): void {
    this.moment += 1;
    for (const table of tables) this.versions.set(table, this.version(table) + 1);
  }

  forget(): void {
    this.kept.clear();
  }

  /** A number that changes when any of these tables does. */
  fingerprint(tables: readonly string[]): string {
    return tables.map((table) => this.version(table)).join(",");
  }

  private version(table: string): number {
    return this.versions.get(table) ?? 0;
  }

  /**
   * Sends one statement and waits until it is answered, or until it is known to wait for a lock of another transaction:
   * then `done` is called later, when that one has ended.
   */
  async send(connection: RealConnection, config: pg.QueryConfig & { rowMode?: "array" }, done: (error: Error | null, result: pg.QueryResult | null) => void): Promise<void> {
    this.counts.sent += 1;
    const work = connection.client.query(config).then(
      (result) => ({ error: null, result: result as unknown as pg.QueryResult }),
      (error: unknown) => ({ error: error instanceof Error ? error : new Error(String(error)), result: null }),
    );
    const outcome = await this.answeredOrBlocked(connection, work);
    if (outcome) {
      done(outcome.error, outcome.result);
      return;
    }
    this.counts.blocked += 1;
    this.blocked.add({ connection, work, done });
  }

  /** After a transaction ended: whoever waited for its locks goes on, in the order in which they came to wait. */
  async lookAtBlocked(): Promise<void> {
    for (const waiting of Array.from(this.blocked)) {
      const outcome = await this.answeredOrBlocked(waiting.connection, waiting.work);
      if (!outcome) continue;
      this.blocked.delete(waiting);
      waiting.done(outcome.error, outcome.result);
    }
  }

  private async answeredOrBlocked(connection: RealConnection, work: Blocked["work"]): Promise<Outcome | null> {
    for (;;) {
      const outcome = await Promise.race([work, pause(LOOK_FOR_LOCKS_MS)]);
      if (outcome) return outcome;
      if (!(await this.waitsForLock(connection.pid))) continue;
      // If the wait is a circle, Postgres ends it within its deadlock timeout; only what waits longer waits for somebody.
      const ended = await Promise.race([work, pause(DEADLOCK_MS)]);
      if (ended) return ended;
      if (await this.waitsForLock(connection.pid)) return null;
    }
  }

  private async waitsForLock(pid: number): Promise<boolean> {
    if (!this.monitor) {
      this.monitor = new pg.Client({ connectionString: this.urls.owner, application_name: "berth-sim-monitor" });
      this.monitor.on("error", () => undefined);
      await this.monitor.connect();
    }
    const { rows } = await this.monitor.query<{ n: number }>("select cardinality(pg_blocking_pids($1))::int as n", [pid]);
    return (rows[0]?.n ?? 0) > 0;
  }

  /** Whether anybody waits for a lock now. */
  get waiting(): number {
    return this.blocked.size;
  }

  async close(): Promise<void> {
    await this.monitor?.end();
    for (const free of this.idle.values()) for (const { client } of free) await client.end();
    this.idle.clear();
  }
}

interface Outcome {
  readonly error: Error | null;
  readonly result: pg.QueryResult | null;
}

interface Blocked {
  readonly connection: RealConnection;
  readonly work: Promise<Outcome>;
  readonly done: (error: Error | null, result: pg.QueryResult | null) => void;
}

function pause(ms: number): Promise<null> {
  return new Promise((resolve) => setTimeout(() => resolve(null), ms));
}

/** A name for a prepared statement: the same text is parsed and planned once for each connection. */
export function statementName(text: string): string {
  return `s${createHash("sha1").update(text).digest("hex").slice(0, 20)}`;
}

