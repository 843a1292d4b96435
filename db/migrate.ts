import { fileURLToPath, pathToFileURL } from "node:url";
import { drizzle } from "drizzle-orm/node-postgres";
import { migrate } from "drizzle-orm/node-postgres/migrator";
import pg from "pg";
import { APP_ROLE, WORKER_ROLE, applySecurity, ensureLogin } from "./security";

/** Any fixed number: two migrators of one database wait for each other. */
const MIGRATION_LOCK = 7_284_301;

export interface MigrateOptions {
  /** Connects as the owner. */
  readonly url: string;
  /** When given, the login roles are made (or get this password). */
  readonly passwords?: { readonly app: string; readonly worker: string };
}

/** Brings a database to the newest schema. Safe to run twice and at once from several processes. */
export async function migrateDatabase(options: MigrateOptions): Promise<void> {
  const client = new pg.Client({ connectionString: options.url });
  await client.connect();
  try {
    await client.query("select pg_advisory_lock($1)", [MIGRATION_LOCK]);
    await migrate(drizzle(client), { migrationsFolder: fileURLToPath(new URL("../drizzle", import.meta.url)) });
    if (options.passwords) {
      await ensureLogin(client, APP_ROLE, options.passwords.app);
      await ensureLogin(client, WORKER_ROLE, options.passwords.worker);
    }
    await applySecurity(client);
  } finally {
    await client.end();
  }
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const url = process.env["DATABASE_URL"];
  if (!url) {
    console.error("db:migrate needs DATABASE_URL: a Postgres 15+ address whose role owns the database, e.g. postgres://owner:secret@127.0.0.1:5432/berth");
    process.exit(2);
  }
  const password = (name: string) => (process.env[name] ? decodeURIComponent(new URL(process.env[name]).password) : null);
  const app = password("APP_DATABASE_URL");
  const worker = password("WORKER_DATABASE_URL");
  await migrateDatabase({ url, ...(app && worker ? { passwords: { app, worker } } : {}) });
  console.log("The database is at the newest schema; grants and row-level security are in place.");
}
