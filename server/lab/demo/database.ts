import { join } from "node:path";
import pg from "pg";
import { APP_ROLE, WORKER_ROLE } from "@/db/security";
import { migrateDatabase } from "@/db/migrate";
import { ensureLocalPostgres } from "../postgres";
import type { DemoSettings } from "./settings";

export interface DemoDatabase {
  readonly url: { readonly owner: string; readonly app: string; readonly worker: string };
  readonly note: string;
  stop(): Promise<void>;
}

const NAME = "berth";

/** Postgres of our own under the data folder, or the one that DATABASE_URL names; migrated either way. */
export async function prepareDatabase(directory: string, settings: DemoSettings): Promise<DemoDatabase> {
  const { app, worker } = settings.passwords;
  const given = process.env["DATABASE_URL"];
  if (given) {
    await migrateDatabase({ url: given, passwords: { app, worker } });
    const as = (name: string, password: string): string => {
      const url = new URL(given);
      url.username = name;
      url.password = encodeURIComponent(password);
      return url.href;
    };
    return { url: { owner: given, app: as(APP_ROLE, app), worker: as(WORKER_ROLE, worker) }, note: "Postgres of DATABASE_URL", stop: () => Promise.resolve() };
  }
  const server = await ensureLocalPostgres({ directory: join(directory, "postgres"), port: settings.ports.postgres, password: settings.passwords.postgres });
  const admin = new pg.Client({ connectionString: server.url("postgres") });
  await admin.connect();
  const exists = await admin.query("select 1 from pg_database where datname = $1", [NAME]);
  if (exists.rowCount === 0) await admin.query(`create database ${NAME}`);
  await admin.end();
  await migrateDatabase({ url: server.url(NAME), passwords: { app, worker } });
  return {
    url: { owner: server.url(NAME), app: server.url(NAME, { name: APP_ROLE, password: app }), worker: server.url(NAME, { name: WORKER_ROLE, password: worker }) },
    note: server.adopted ? "Postgres was running and is kept" : "own Postgres",
    stop: () => server.stop(),
  };
}
