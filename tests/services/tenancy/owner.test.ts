import { randomBytes } from "node:crypto";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { migrateDatabase } from "@/db/migrate";
import { ensureLogin } from "@/db/security";

const PASSWORD = "only-on-loopback-and-only-for-tests";
const name = `owned_${randomBytes(6).toString("hex")}`;
const admin = new pg.Client({ connectionString: addressOf("postgres") });

function addressOf(database: string, role?: string): string {
  const url = new URL(inject("postgresUrl"));
  url.pathname = `/${database}`;
  if (role) [url.username, url.password] = [role, PASSWORD];
  return url.href;
}

async function as<T>(role: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: addressOf(name, role) });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

beforeAll(async () => {
  await admin.connect();
  // As a provider of databases gives it: the owner of one database, and of nothing else.
  await admin.query(`create role ${name} login password '${PASSWORD}'`);
  await admin.query(`create database ${name} owner ${name}`);
});

afterAll(async () => {
  await admin.query(`drop database if exists ${name} with (force)`);
  await admin.query(`drop role if exists ${name}`);
  await admin.end();
});

describe("a database of somebody who owns it and nothing else", () => {
  it("is migrated, twice, with the roles that an administrator made, and holds the second wall", async () => {
    const options = { url: addressOf(name, name), passwords: { app: PASSWORD, worker: PASSWORD } };
    await migrateDatabase(options);
    await migrateDatabase(options);
    // Its own migrations have to see every row, and the web sees none without a scope.
    await as(name, (client) => client.query("insert into organization (id, name, slug, created_at) values ('org_1', 'One', 'one', now())"));
    expect((await as(name, (client) => client.query("select id from organization"))).rowCount).toBe(1);
    expect((await as("berth_worker", (client) => client.query("select id from organization"))).rowCount).toBe(1);
    expect((await as("berth_app", (client) => client.query("select id from organization"))).rowCount).toBe(0);
  });

  it("is refused a role that reads every tenant's rows, and says what to do where it may not make one", async () => {
    // Roles are the whole server's, so what is tried here is taken back.
    const inVain = async (change: string, asOwner: boolean): Promise<unknown> => {
      const client = asOwner ? new pg.Client({ connectionString: addressOf(name) }) : admin;
      if (asOwner) await client.connect();
      await client.query("begin");
      try {
        await client.query(change);
        if (asOwner) await client.query(`set local role ${name}`);
        return await ensureLogin(client, "berth_app", PASSWORD).then(() => null, (error: unknown) => error);
      } finally {
        await client.query("rollback");
        if (asOwner) await client.end();
      }
    };
    expect(await inVain("alter role berth_app bypassrls", false)).toMatchObject({ message: expect.stringContaining("nosuperuser nobypassrls") as string });
    expect(await inVain("alter role berth_app rename to berth_app_elsewhere", true)).toMatchObject({ message: expect.stringContaining("create role berth_app login password") as string });
  });
});
