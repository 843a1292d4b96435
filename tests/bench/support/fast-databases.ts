import { rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { openDatabase } from "@/db/client";
import { migrateDatabase } from "@/db/migrate";
import { anyFreePort } from "@/server/lab/ports";
import { ensureLocalPostgres } from "@/server/lab/postgres";
import type { TestDatabase } from "../../support/database";

const PASSWORD = "only-on-loopback-and-only-for-benchmarks";
const TEMPLATE = "berth_template";

export interface FastDatabases {
  /** A migrated database of its own, gone with its `close()`. */
  create(): Promise<TestDatabase>;
  close(): Promise<void>;
}

/** One Postgres that does not wait for the disk, and copies of a migrated database in it: for benchmarks of whether something is right, not of how fast it is. */
export async function openFastDatabases(): Promise<FastDatabases> {
  const directory = fileURLToPath(new URL(`../../../.data/fast-postgres-${process.pid}`, import.meta.url));
  const server = await ensureLocalPostgres({ directory, port: await anyFreePort(), password: PASSWORD, fast: true });
  const asAdmin = async (statement: string): Promise<void> => {
    const admin = new pg.Client({ connectionString: server.url("postgres") });
    await admin.connect();
    await admin.query(statement);
    await admin.end();
  };
  await asAdmin(`create database ${TEMPLATE}`);
  await migrateDatabase({ url: server.url(TEMPLATE), passwords: { app: PASSWORD, worker: PASSWORD } });
  let made = 0;
  return {
    create: async () => {
      const name = `life_${++made}`;
      await asAdmin(`create database ${name} template ${TEMPLATE} strategy file_copy`);
      const url = { owner: server.url(name), app: server.url(name, { name: "berth_app", password: PASSWORD }), worker: server.url(name, { name: "berth_worker", password: PASSWORD }) };
      const owner = openDatabase({ url: url.owner, poolSize: 4 });
      const app = openDatabase({ url: url.app, poolSize: 8 });
      const worker = openDatabase({ url: url.worker, poolSize: 8 });
      const close = async (): Promise<void> => {
        await Promise.all([owner.pool.end(), app.pool.end(), worker.pool.end()]);
        await asAdmin(`drop database ${name} with (force)`);
      };
      return { name, url, owner, app, worker, close };
    },
    close: async () => {
      await server.stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
