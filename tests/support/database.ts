import { randomBytes } from "node:crypto";
import pg from "pg";
import { inject } from "vitest";
import { openDatabase, type Database } from "@/db/client";
import { systemClock, type Clock } from "@/server/platform/clock";
import type { Context } from "@/server/platform/context";
import { silentLogger } from "@/server/platform/logger";
import { systemRandom } from "@/server/platform/random";

const TEMPLATE = "berth_template";
const PASSWORD = "only-on-loopback-and-only-for-tests";

/** A database of one test file, seen through each of the three roles. */
export interface TestDatabase {
  readonly name: string;
  readonly url: { readonly owner: string; readonly app: string; readonly worker: string };
  readonly owner: Database;
  readonly app: Database;
  readonly worker: Database;
  /** Drops it; call in afterAll. */
  close(): Promise<void>;
}

function withRole(base: string, database: string, role?: string): string {
  const url = new URL(base);
  url.pathname = `/${database}`;
  if (role) {
    url.username = role;
    url.password = encodeURIComponent(PASSWORD);
  }
  return url.href;
}

/** Copies the migrated template: a few hundred milliseconds for a whole real database. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const base = inject("postgresUrl");
  const name = `t_${randomBytes(6).toString("hex")}`;
  const admin = new pg.Client({ connectionString: withRole(base, "postgres") });
  await admin.connect();
  await admin.query("select pg_advisory_lock(1)");
  await admin.query(`create database ${name} template ${TEMPLATE} strategy file_copy`);
  await admin.end();
  const url = { owner: withRole(base, name), app: withRole(base, name, "berth_app"), worker: withRole(base, name, "berth_worker") };
  const owner = openDatabase({ url: url.owner, poolSize: 4 });
  const app = openDatabase({ url: url.app, poolSize: 12 });
  const worker = openDatabase({ url: url.worker, poolSize: 8 });
  return {
    name,
    url,
    owner,
    app,
    worker,
    close: async () => {
      await Promise.all([owner.pool.end(), app.pool.end(), worker.pool.end()]);
      const last = new pg.Client({ connectionString: withRole(base, "postgres") });
      await last.connect();
      await last.query(`drop database if exists ${name} with (force)`);
      await last.end();
    },
  };
}

/** A context for calling verbs directly. Worker scope unless told otherwise. */
export function testContext(db: Database, overrides: Partial<Context> & { clock?: Clock } = {}): Context {
  return {
    db,
    clock: systemClock,
    random: systemRandom,
    logger: silentLogger,
    requestId: "req_test",
    actor: { kind: "system", id: "test" },
    scope: "worker",
    organizationId: null,
    ...overrides,
  };
}
