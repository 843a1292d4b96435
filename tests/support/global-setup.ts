import { rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import pg from "pg";
import type { TestProject } from "vitest/node";
import { migrateDatabase } from "@/db/migrate";
import { anyFreePort } from "@/server/lab/ports";
import { ensureLocalPostgres } from "@/server/lab/postgres";

declare module "vitest" {
  export interface ProvidedContext {
    /** Superuser address of the server, without a database's name. */
    readonly postgresUrl: string;
  }
}

export const TEST_PASSWORD = "only-on-loopback-and-only-for-tests";
export const TEMPLATE_DATABASE = "berth_template";

/** One real Postgres for the whole run, with a migrated template that each test file copies; none where the run says that its files bring their own. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  if (process.env["TEST_POSTGRES"] === "none") return async () => undefined;
  const directory = fileURLToPath(new URL(`../../.data/test-postgres-${process.pid}`, import.meta.url));
  const server = await ensureLocalPostgres({ directory, port: await anyFreePort(), password: TEST_PASSWORD, fast: true });
  const admin = new pg.Client({ connectionString: server.url("postgres") });
  await admin.connect();
  await admin.query(`create database ${TEMPLATE_DATABASE}`);
  await admin.end();
  await migrateDatabase({ url: server.url(TEMPLATE_DATABASE), passwords: { app: TEST_PASSWORD, worker: TEST_PASSWORD } });
  project.provide("postgresUrl", server.url(""));
  return async () => {
    await server.stop();
    rmSync(directory, { recursive: true, force: true });
  };
}
