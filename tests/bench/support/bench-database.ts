import { rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { openDatabase } from "@/db/client";
import { migrateDatabase } from "@/db/migrate";
import { anyFreePort } from "@/server/lab/ports";
import { ensureLocalPostgres } from "@/server/lab/postgres";
import type { TestDatabase } from "../../support/database";

const PASSWORD = "only-on-loopback-and-only-for-benchmarks";

/** A Postgres of the benchmark's own, durable as in production (fsync on), gone with `close()`. */
export async function createBenchDatabase(): Promise<TestDatabase> {
  const directory = fileURLToPath(new URL(`../../../.data/bench-postgres-${process.pid}`, import.meta.url));
  const server = await ensureLocalPostgres({ directory, port: await anyFreePort(), password: PASSWORD });
  const name = "berth_bench";
  const admin = new pg.Client({ connectionString: server.url("postgres") });
  await admin.connect();
  await admin.query(`create database ${name}`);
  await admin.end();
  const url = { owner: server.url(name), app: server.url(name, { name: "berth_app", password: PASSWORD }), worker: server.url(name, { name: "berth_worker", password: PASSWORD }) };
  await migrateDatabase({ url: url.owner, passwords: { app: PASSWORD, worker: PASSWORD } });
  // Pool sizes as the processes have them: web 12, worker 10.
  const owner = openDatabase({ url: url.owner, poolSize: 4 });
  const app = openDatabase({ url: url.app, poolSize: 12 });
  const worker = openDatabase({ url: url.worker, poolSize: 10 });
  return {
    name,
    url,
    owner,
    app,
    worker,
    close: async () => {
      await Promise.all([owner.pool.end(), app.pool.end(), worker.pool.end()]);
      await server.stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
