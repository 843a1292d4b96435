import pg from "pg";
import { LockQueue, type Sending } from "./lock-queue";
import { StatementReader, type StatementFacts } from "./statements";

export type Role = "app" | "worker" | "owner";

/** One real connection, used by one simulated one at a time. */
export interface RealConnection {
  readonly client: pg.Client;
  readonly pid: number;
}

const KEPT_ANSWERS = 20_000;

interface Kept {
  readonly versions: readonly number[];
  readonly result: pg.QueryResult;
  /** When it was last found to be true still. */
  moment: number;
}

/**
 * The real Postgres below a simulation: its connections, the answers that are still true, and who waits for whose lock.
 * It is asked by one statement at a time, so that what happens does not depend on how fast it is.
 */
export class SimPostgres {
  private readonly idle = new Map<Role, RealConnection[]>();
  private readonly versions = new Map<string, number>();
  private readonly kept = new Map<StatementFacts, Map<string, Kept>>();
  private keptAnswers = 0;
  private readonly pids = new Set<number>();
  private readonly locks: LockQueue;
  private heard: (() => void)[] = [];
  /** Rises with every change that is committed. */
  moment = 0;
  readonly counts = { sent: 0, kept: 0 };

  private constructor(
    readonly urls: Readonly<Record<Role, string>>,
    readonly reader: StatementReader,
  ) {
    this.locks = new LockQueue(urls.owner, (pid) => this.pids.has(pid));
  }

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
    const client = new pg.Client({ connectionString: this.urls[role], application_name: "berth-sim", pipeline: true });
    client.on("error", () => undefined);
    await client.connect();
    const { rows } = await client.query<{ pid: number }>("select pg_backend_pid() as pid");
    const pid = rows[0]?.pid ?? 0;
    this.pids.add(pid);
    return { client, pid };
  }

  give(role: Role, connection: RealConnection): void {
    const free = this.idle.get(role);
    if (free) free.push(connection);
    else this.idle.set(role, [connection]);
  }

  /** Ends transactions that somebody left open, without hurry: its connection is found free afterwards. */
  abandon(role: Role, connection: RealConnection): Promise<void> {
    return this.step(async () => {
      await connection.client.query("rollback");
      this.give(role, connection);
      await this.locks.look();
    });
  }

  /** A kept answer that nothing has changed since; null when there is none. */
  answer(facts: StatementFacts, key: string): pg.QueryResult | null {
    const kept = this.kept.get(facts)?.get(key);
    if (!kept) return null;
    if (kept.moment !== this.moment && facts.tables.some((table, index) => this.version(table) !== kept.versions[index])) return null;
    kept.moment = this.moment;
    this.counts.kept += 1;
    return { ...kept.result, rows: kept.result.rows.map(copyOf) };
  }

  keep(facts: StatementFacts, key: string, result: pg.QueryResult): void {
    if (this.keptAnswers > KEPT_ANSWERS) this.forgetAnswers();
    const answers = this.kept.get(facts) ?? new Map<string, Kept>();
    this.kept.set(facts, answers);
    if (!answers.has(key)) this.keptAnswers += 1;
    for (const row of result.rows as unknown[]) freezeBelow(row);
    answers.set(key, { versions: facts.tables.map((table) => this.version(table)), result: { ...result, rows: result.rows.map(copyOf) }, moment: this.moment });
  }

  private forgetAnswers(): void {
    this.kept.clear();
    this.keptAnswers = 0;
  }

  changed(tables: Iterable<string>): void {
    this.moment += 1;
    for (const table of tables) this.versions.set(table, this.version(table) + 1);
  }

  /** Nothing that was answered or planned for what the tables held before is used any more. */
  async forget(): Promise<void> {
    this.forgetAnswers();
    for (const free of this.idle.values()) for (const { client } of free) await client.query("discard plans");
  }

  /** A number that changes when any of these tables does. */
  fingerprint(tables: readonly string[]): string {
    return tables.map((table) => this.version(table)).join(",");
  }

  private version(table: string): number {
    return this.versions.get(table) ?? 0;
  }

  /** Sends one statement; `done` is called when it is answered, later than this returns when it waits for a lock. */
  send(sending: Sending): Promise<void> {
    this.counts.sent += 1;
    return this.locks.send(sending);
  }

  /** Something heard from the database, told when all that one step asks of it is done: nothing runs beside what is real. */
  tell(fn: () => void): void {
    this.heard.push(fn);
  }

  /** One step that asks the database; what was heard in it is told at its end. */
  async step(work: () => Promise<void>): Promise<void> {
    await work();
    const { heard } = this;
    this.heard = [];
    for (const fn of heard) fn();
  }

  async close(): Promise<void> {
    await this.locks.close();
    for (const free of this.idle.values()) for (const { client } of free) await client.end();
    this.idle.clear();
  }
}

/** Whoever asked may change its rows, but not what stands in their columns: that is frozen, because everybody is given the same. */
function copyOf(row: unknown): unknown {
  return Array.isArray(row) ? row.slice() : { ...(row as Record<string, unknown>) };
}

function freezeBelow(value: unknown): void {
  for (const inner of Object.values(value as Record<string, unknown>)) {
    if (typeof inner !== "object" || inner === null || ArrayBuffer.isView(inner) || Object.isFrozen(inner)) continue;
    Object.freeze(inner);
    freezeBelow(inner);
  }
}

