import { sql } from "drizzle-orm";
import { TRPCError } from "@trpc/server";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openChangeHub, type ChangeHub } from "@/server/api/change-hub";
import type { LiveEvent } from "@/server/api/watch-changes";
import { silentLogger } from "@/server/platform/logger";
import { changeRole, removeMember, revokeSession } from "@/server/tenancy";
import { createTestDatabase, testContext, type TestDatabase } from "../support/database";
import { createWorld, type Person, type World } from "../support/world";

let database: TestDatabase;
let world: World;
let hub: ChangeHub;
beforeAll(async () => {
  database = await createTestDatabase();
  world = await createWorld(database);
  hub = await openChangeHub({ url: database.url.app, logger: silentLogger });
});
afterAll(async () => {
  await hub.close();
  await database.close();
});

const announce = (organizationId: string | null, topic: string, id: string) => database.worker.execute(sql`select pg_notify('berth_change', ${JSON.stringify({ organizationId, topic, id })})`);

/** A stream read in the background. */
async function open(person: Person, organization?: string, changes: ChangeHub = hub) {
  const controller = new AbortController();
  const stream = (await (await world.caller(person, { changes, signal: controller.signal })).live.changes(organization ? { organization } : {})) as AsyncIterable<LiveEvent>;
  const heard: LiveEvent[] = [];
  const ended = (async () => {
    try {
      for await (const event of stream) heard.push(event);
      return "ended";
    } catch (error) {
      return error instanceof TRPCError ? error.code : String(error);
    }
  })();
  // The generator listens from its first step on.
  await new Promise((resolve) => setTimeout(resolve, 30));
  return { heard, ended, close: () => controller.abort() };
}

const until = async (condition: () => boolean): Promise<void> => {
  for (let n = 0; n < 200 && !condition(); n++) await new Promise((resolve) => setTimeout(resolve, 10));
};

describe("live changes", () => {
  it("are those of one's own organizations and what is on offer; staff hear all", async () => {
    const member = await open(world.acme.people.viewer);
    const oneOnly = await open(world.acme.people.viewer, "acme");
    const outsider = await open(world.outsider);
    const staff = await open(world.staff.auditor);
    await announce(world.globex.id, "instance", "ins_globex");
    await announce(null, "host", "hst_1");
    await announce(null, "catalog", "flv_1");
    await announce(null, "session", "uss_of_somebody");
    await announce(world.acme.id, "instance", "ins_acme");
    await until(() => member.heard.length >= 2 && oneOnly.heard.length >= 2 && staff.heard.length >= 4 && outsider.heard.length >= 1);
    const ids = (stream: { heard: LiveEvent[] }): string[] => stream.heard.map((event) => event.id);
    expect(ids(member)).toEqual(["flv_1", "ins_acme"]);
    expect(ids(oneOnly)).toEqual(["flv_1", "ins_acme"]);
    expect(ids(outsider)).toEqual(["flv_1"]);
    expect(ids(staff)).toEqual(["ins_globex", "hst_1", "flv_1", "ins_acme"]);
    for (const stream of [member, oneOnly, outsider, staff]) {
      stream.close();
      expect(await stream.ended).toBe("ended");
    }
  });

  it("are refused for an organization of others, before a stream opens", async () => {
    await expect(open(world.acme.people.owner, "globex")).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect(open(world.acme.people.owner, "no-such")).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  it("end with the session, at once", async () => {
    const person = await world.addMember(world.acme);
    const stream = await open(person, "acme");
    await revokeSession(testContext(database.app, { scope: "identity", actor: { kind: "user", id: person.id } }), person.sessionId);
    expect(await stream.ended).toBe("UNAUTHORIZED");
  });

  it("end with the membership, and go on after a change of the role", async () => {
    const person = await world.addMember(world.acme);
    const admin = testContext(database.app, { scope: "tenant", organizationId: world.acme.id, actor: { kind: "user", id: world.acme.people.admin.id } });
    const stream = await open(person, "acme");
    const everywhere = await open(person);
    await changeRole(admin, { userId: person.id, role: "operator" });
    await announce(world.acme.id, "instance", "ins_after_role");
    await until(() => stream.heard.some((event) => event.id === "ins_after_role"));
    expect(stream.heard.map((event) => event.id)).toContain("ins_after_role");
    await removeMember(admin, { userId: person.id });
    expect(await stream.ended).toBe("UNAUTHORIZED");
    await announce(world.acme.id, "instance", "ins_after_leaving");
    await announce(null, "catalog", "flv_after_leaving");
    await until(() => everywhere.heard.some((event) => event.id === "flv_after_leaving"));
    expect(everywhere.heard.map((event) => event.id)).not.toContain("ins_after_leaving");
    everywhere.close();
  });

  it("say when some may have been missed: the listener's connection was cut", async () => {
    const stream = await open(world.acme.people.viewer, "acme");
    await database.owner.execute(sql`select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'berth-listen%' and datname = current_database()`);
    await until(() => stream.heard.some((event) => event.topic === "*"));
    expect(stream.heard.at(-1)).toEqual({ organizationId: null, topic: "*", id: "*" });
    await announce(world.acme.id, "instance", "ins_after_cut");
    await until(() => stream.heard.at(-1)?.id === "ins_after_cut");
    expect(stream.heard.at(-1)?.id).toBe("ins_after_cut");
    stream.close();
  });

  it("tell a reader who fell behind to fetch anew, instead of growing without a bound", async () => {
    const controller = new AbortController();
    const slow = hub.subscribe(() => true, controller.signal);
    const first = slow.next();
    await new Promise((resolve) => setTimeout(resolve, 30));
    await database.worker.execute(sql`select pg_notify('berth_change', json_build_object('organizationId', null, 'topic', 'host', 'id', n::text)::text) from generate_series(1, 1200) n`);
    await first;
    await new Promise((resolve) => setTimeout(resolve, 300));
    let events = 0;
    let missed = 0;
    for (;;) {
      const next = await Promise.race([slow.next(), new Promise<null>((resolve) => setTimeout(() => resolve(null), 200))]);
      if (!next || next.done) break;
      events += 1;
      if (next.value.kind === "missed") missed += 1;
    }
    controller.abort();
    expect(missed).toBeGreaterThan(0);
    expect(events).toBeLessThanOrEqual(501);
  });

  it("break with `unavailable` when the process stops, so that browsers connect again", async () => {
    const own = await openChangeHub({ url: database.url.app, logger: silentLogger });
    const stream = await open(world.acme.people.viewer, "acme", own);
    await own.close();
    expect(await stream.ended).toBe("SERVICE_UNAVAILABLE");
  });

  it("ignore what nobody can read", async () => {
    const stream = await open(world.acme.people.viewer, "acme");
    await database.worker.execute(sql`select pg_notify('berth_change', 'not json')`);
    await database.worker.execute(sql`select pg_notify('berth_change', '{"topic": 3}')`);
    await announce(world.acme.id, "quota", "q");
    await until(() => stream.heard.length > 0);
    expect(stream.heard.map((event) => event.id)).toEqual(["q"]);
    stream.close();
  });
});
