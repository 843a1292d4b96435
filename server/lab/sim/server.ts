import { randomBytes } from "node:crypto";
import { rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { migrateDatabase } from "@/db/migrate";
import { anyFreePort } from "../ports";
import { ensureLocalPostgres, type LocalPostgres } from "../postgres";
import { SimPostgres } from "./postgres";

const PASSWORD = "only-on-loopback-and-only-for-simulations";
const TEMPLATE = "sim_template";
/** Days are tables: those that a seed needs are there when it begins, so that it does not matter who played before. */
const MAKE_DAYS = "select make_days('sample', '2025-12-30', 10), make_days('usage_fact', '2025-12-30', 10)";
/** Nobody tidies tables while a seed is played: it would come when it likes, and change how rows lie. */
const LEAVE_UNTIDIED = "do $$ declare t text; begin for t in select relname from pg_class c join pg_namespace n on n.oid = c.relnamespace where nspname = 'public' and relkind = 'r' loop execute format('alter table %I set (autovacuum_enabled = false)', t); end loop; end $$";
/** Tables that have a page. */
const WRITTEN = "select relname as name from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r' and pg_relation_size(oid) > 0 order by relname";

/** A Postgres of this run alone, in a folder that goes with it, and databases copied from a migrated one. */
export interface SimServer {
  /** Where other processes find it, without its password. */
  readonly address: string;
  /** A database of its own for one process that simulates. */
  database(): Promise<SimDatabaseServer>;
  close(): Promise<void>;
}

export interface SimDatabaseServer {
  readonly postgres: SimPostgres;
  /** Empties every table that has been written; what the migrations put there stays. */
  reset(): Promise<void>;
  rows<T extends Record<string, unknown>>(query: string, values?: readonly unknown[]): Promise<T[]>;
  close(): Promise<void>;
}

/** Starts it; takes some seconds, which all simulations of a run share. */
export async function startSimServer(): Promise<SimServer> {
  const directory = join(tmpdir(), `berth-sim-${process.pid}-${randomBytes(4).toString("hex")}`);
  const server = await ensureLocalPostgres({ directory, port: await anyFreePort(), password: PASSWORD, fast: true, socket: true });
  const stop = async (): Promise<void> => {
    await server.stop();
    rmSync(directory, { recursive: true, force: true });
  };
  try {
    const admin = new pg.Client({ connectionString: server.url("postgres") });
    await admin.connect();
    await admin.query(`create database ${TEMPLATE}`);
    await admin.end();
    await migrateDatabase({ url: server.url(TEMPLATE), passwords: { app: PASSWORD, worker: PASSWORD } });
  } catch (error) {
    await stop();
    throw error;
  }
  const address = new URL(server.url("postgres"));
  address.password = "";
  return { address: address.href, database: () => copySimDatabase({ url: (database, role) => server.url(database, role), template: TEMPLATE, password: PASSWORD }), close: stop };
}

/** Joins a server that another process started: its copy of the template is its own. */
export function joinSimServer(address: string): Promise<SimDatabaseServer> {
  const url: LocalPostgres["url"] = (database, role = { name: "postgres", password: PASSWORD }) => {
    const there = new URL(address);
    there.pathname = `/${database}`;
    there.username = role.name;
    there.password = encodeURIComponent(role.password);
    return there.href;
  };
  return copySimDatabase({ url, template: TEMPLATE, password: PASSWORD });
}

/** A copy of a migrated template on any server, with the password that its two roles have. */
export async function copySimDatabase({ url, template, password }: { readonly url: LocalPostgres["url"]; readonly template: string; readonly password: string }): Promise<SimDatabaseServer> {
  const name = `sim_${randomBytes(6).toString("hex")}`;
  const admin = new pg.Client({ connectionString: url("postgres") });
  await admin.connect();
  await admin.query("select pg_advisory_lock(1)");
  await admin.query(`create database ${name} template ${template} strategy file_copy`);
  // Circles of waiting are found by the simulation; one plan for each statement, which does not depend on how often it was asked.
  for (const setting of ["deadlock_timeout = '10min'", "plan_cache_mode = force_generic_plan", "max_parallel_workers_per_gather = 0", "jit = off"]) await admin.query(`alter database ${name} set ${setting}`);
  await admin.end();
  const owner = new pg.Client({ connectionString: url(name), application_name: "berth-sim-owner" });
  owner.on("error", () => undefined);
  await owner.connect();
  await owner.query(MAKE_DAYS);
  await owner.query(LEAVE_UNTIDIED);
  const roles = { app: { name: "berth_app", password }, worker: { name: "berth_worker", password } };
  const postgres = await SimPostgres.open({ owner: url(name), app: url(name, roles.app), worker: url(name, roles.worker) });
  const tables = (await owner.query<{ name: string }>("select relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace where nspname = 'public' and relkind in ('r', 'p') order by relname")).rows.map((row) => row.name);
  const filled: string[] = [];
  for (const table of tables) if ((await owner.query(`select 1 from "${table}" limit 1`)).rows.length > 0) filled.push(table);
  const emptied = tables.filter((table) => !filled.includes(table));
  const sequences = (await owner.query<{ name: string }>("select format('%I', relname) as name from pg_class where relnamespace = 'public'::regnamespace and relkind = 'S' order by relname")).rows.map((row) => row.name);
  const restart = sequences.map((name) => `alter sequence ${name} restart`);
  const written = async (): Promise<string[]> => (await owner.query<{ name: string }>(WRITTEN)).rows.map((row) => row.name).filter((name) => emptied.includes(name));
  /** A truncation would make the files of all tables and indexes anew, also of those that nobody wrote. */
  const empty = async (): Promise<void> => {
    const names = (await written()).map((name) => `"${name}"`);
    if (names.length === 0) return;
    await owner.query([...names.map((name) => `delete from ${name}`), ...restart].join("; "));
    await owner.query(`vacuum (truncate, parallel 0) ${names.join(", ")}`);
    const left = await written();
    if (left.length > 0) await owner.query(`truncate ${emptied.map((name) => `"${name}"`).join(", ")} restart identity cascade`);
  };
  return {
    postgres,
    reset: async () => {
      await owner.query("set session_replication_role = replica");
      await empty();
      await owner.query("set session_replication_role = origin");
      await postgres.forget();
      postgres.changed(tables);
    },
    rows: async <T extends Record<string, unknown>>(query: string, values: readonly unknown[] = []) => (await owner.query(query, [...values])).rows as T[],
    close: async () => {
      await postgres.close();
      await owner.end();
    },
  };
}
