import { sql } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { addToGroup, advanceDesktop, assignDesktop, assignPeople, createGroup, decideDesktop, deleteGroup, importPeople, keepPool, listAssignments, listDesktops, listDesktopWork, listGroupMembers, listGroups, listMyDesktops, listPoolsAtWork, logOff, openDesktop, readSession, removeFromGroup, resetDesktop } from "@/server/desktop";
import type { Context } from "@/server/platform/context";
import { silentLogger } from "@/server/platform/logger";
import { inTransaction } from "@/server/platform/transaction";
import { createTestDatabase, testContext, type TestDatabase } from "../../support/database";
import { addDesktopPool, addGoldenVersion } from "../../support/desktops";
import { createWorld, type Tenant, type World } from "../../support/world";

let database: TestDatabase;
let world: World;
let acme: Tenant;
let admin: Context;
let person: Context;
let email = "";

beforeAll(async () => {
  database = await createTestDatabase();
  world = await createWorld(database, { logger: silentLogger });
  acme = world.acme;
  admin = testContext(database.app, { scope: "tenant", organizationId: acme.id, actor: { kind: "user", id: acme.people.admin.id } });
  const viewer = await world.addMember(acme, "viewer");
  person = testContext(database.app, { scope: "tenant", organizationId: acme.id, actor: { kind: "user", id: viewer.id } });
  email = (await database.owner.execute<{ email: string }>(sql`select email from user_account where id = ${viewer.id}`)).rows[0]!.email;
});
afterAll(() => database.close());

/** A pool that nobody has a right to yet, with one desktop that runs. */
async function emptyPool(): Promise<string> {
  const { poolId, assignmentId } = await addDesktopPool(world, acme);
  await database.owner.execute(sql`delete from desktop_assignment where id = ${assignmentId}`);
  return poolId;
}

/** What the loop does about a pool at its next pass. */
async function look(poolId: string): Promise<void> {
  const worker = testContext(database.worker);
  for (const one of await listPoolsAtWork(worker)) if (one.pool.id === poolId) await keepPool(worker, one);
}

const mayOpen = async (poolId: string): Promise<boolean> => (await listMyDesktops(person)).some((one) => one.poolId === poolId);

describe("a desktop that is given by hand", () => {
  it("is that person's before they open it, and nobody else's", async () => {
    const { poolId, desktopId, assignmentId } = await addDesktopPool(world, acme);
    await database.owner.execute(sql`delete from desktop_assignment where id = ${assignmentId}`);
    const other = await world.addMember(acme, "viewer");
    await expect(assignDesktop(admin, { desktopId, email })).rejects.toMatchObject({ code: "conflict", message: expect.stringContaining("floating") as string });
    await database.owner.execute(sql`update desktop_pool set kind = 'persistent', maximum = 1 where id = ${poolId}`);
    await expect(assignDesktop(admin, { desktopId, email: "nobody@world.test" })).rejects.toMatchObject({ code: "conflict", detail: { field: "email" } });
    await assignPeople(admin, { poolId, emails: [other.email] });
    await assignDesktop(admin, { desktopId, email: ` ${email.toUpperCase()} ` });
    await assignDesktop(admin, { desktopId, email });
    expect((await listDesktops(admin, { poolId }))[0]?.assignedTo?.email).toBe(email);
    // The right came with it; whoever else has one finds the pool full.
    expect(await mayOpen(poolId)).toBe(true);
    await expect(assignDesktop(admin, { desktopId, email: other.email })).rejects.toMatchObject({ code: "conflict", message: expect.stringContaining("somebody's already") as string });
    const stranger = testContext(database.app, { scope: "tenant", organizationId: acme.id, actor: { kind: "user", id: other.id } });
    expect(await openDesktop(stranger, { poolId })).toMatchObject({ given: "queued", state: "queued" });
    expect(await openDesktop(person, { poolId })).toMatchObject({ given: "running", state: "ready" });
    // A second one in the same pool would be somebody else's.
    await database.owner.execute(sql`insert into desktop (id, organization_id, pool_id, number, version_id, state, state_changed_at, created_at) select 'dsk_second', organization_id, pool_id, 2, version_id, 'provisioning', now(), now() from desktop where id = ${desktopId}`);
    await expect(assignDesktop(admin, { desktopId: "dsk_second", email })).rejects.toMatchObject({ code: "conflict", message: expect.stringContaining("in this pool already") as string });
    // Their cost from the moment at which it was given, once.
    expect((await database.owner.execute(sql`select user_id from desktop_holding where desktop_id = ${desktopId}`)).rows).toHaveLength(1);
  });

  it("gets a new version at once while they have never opened it, stays theirs, and keeps its disk once they have", async () => {
    const { poolId, desktopId } = await addDesktopPool(world, acme);
    await database.owner.execute(sql`update desktop_pool set kind = 'persistent' where id = ${poolId}`);
    await assignDesktop(admin, { desktopId, email });
    const { versionId } = await addGoldenVersion(world, acme);
    await database.owner.execute(sql`update desktop_pool set version_id = ${versionId} where id = ${poolId}`);
    const worker = testContext(database.worker);
    const work = async () => (await inTransaction(worker, (tx) => listDesktopWork(tx, worker, [poolId])))[0]!;
    const seen = await work();
    const step = decideDesktop(seen, Date.now());
    expect(step).toEqual({ kind: "begin-reset", reason: "new-version" });
    // Who opens it between the look and the step keeps what they have; the step does nothing.
    await database.owner.execute(sql`update desktop set used_by_user_id = assigned_user_id where id = ${desktopId}`);
    await advanceDesktop(worker, seen, step);
    expect((await work()).desktop.state).toBe("ready");
    expect(decideDesktop(await work(), Date.now())).not.toMatchObject({ kind: "begin-reset" });
    await database.owner.execute(sql`update desktop set used_by_user_id = null where id = ${desktopId}`);
    await advanceDesktop(worker, seen, step);
    expect((await work()).desktop).toMatchObject({ state: "resetting", versionId, assignedUserId: seen.desktop.assignedUserId, usedByUserId: null });
    // Whoever it was given to waits for their own, and pays for it still.
    expect(await openDesktop(person, { poolId })).toMatchObject({ state: "queued" });
    expect((await database.owner.execute(sql`select 1 from desktop_holding where desktop_id = ${desktopId} and ended_at is null`)).rows).toHaveLength(1);
    await database.owner.execute(sql`update desktop set state = 'ready' where id = ${desktopId}`);
    await look(poolId);
    expect((await work()).desktop).toMatchObject({ state: "in-session", assignedUserId: seen.desktop.assignedUserId });
  });

  it("is reset by an admin while the loop and its person change it, and none of them waits in a circle", async () => {
    const { poolId, desktopId } = await addDesktopPool(world, acme);
    await database.owner.execute(sql`update desktop_pool set kind = 'persistent' where id = ${poolId}`);
    const deadlocks = async (): Promise<number> => Number((await database.owner.execute<{ n: string }>(sql`select deadlocks as n from pg_stat_database where datname = current_database()`)).rows[0]!.n);
    const before = await deadlocks();
    for (let round = 0; round < 6; round++) {
      await database.owner.execute(sql`update desktop set state = 'ready', assigned_user_id = null, used_by_user_id = null where id = ${desktopId}`);
      const { sessionId } = await openDesktop(person, { poolId });
      await Promise.all([resetDesktop(admin, { desktopId }), logOff(person, { sessionId }), look(poolId), openDesktop(person, { poolId }).catch(() => undefined)]);
    }
    expect(await deadlocks()).toBe(before);
  });
});

describe("a group", () => {
  it("gives what it has to those who join it, and takes it from those who leave, open session and all", async () => {
    const poolId = await emptyPool();
    const group = await createGroup(admin, { name: "Accounting" });
    await assignPeople(admin, { poolId, groupIds: [group.id] });
    expect(await mayOpen(poolId)).toBe(false);
    await expect(openDesktop(person, { poolId })).rejects.toMatchObject({ code: "not-found" });

    expect(await addToGroup(admin, { groupId: group.id, emails: [email.toUpperCase(), "nobody.yet@world.test"] })).toEqual({ added: 2 });
    expect(await addToGroup(admin, { groupId: group.id, emails: [email] })).toEqual({ added: 0 });
    expect((await listGroups(admin)).find(({ id }) => id === group.id)).toMatchObject({ name: "Accounting", people: 2, pools: 1 });
    expect((await listAssignments(admin, { poolId }))[0]).toMatchObject({ groupId: group.id, groupName: "Accounting", groupPeople: 2, email: null });
    const { sessionId } = await openDesktop(person, { poolId });
    await look(poolId);
    expect((await readSession(person, { sessionId })).state).toBe("ready");

    expect(await removeFromGroup(admin, { groupId: group.id, emails: [email] })).toEqual({ removed: 1 });
    expect(await mayOpen(poolId)).toBe(false);
    await look(poolId);
    await expect(readSession(person, { sessionId })).rejects.toMatchObject({ code: "conflict", detail: { reason: "right-removed" } });
    const [row] = (await database.owner.execute<{ open: string }>(sql`select count(*) as open from desktop_session where pool_id = ${poolId} and ended_at is null`)).rows;
    expect(Number(row?.open)).toBe(0);
  });

  it("that somebody leaves takes nothing that they have otherwise", async () => {
    const poolId = await emptyPool();
    const groups = [await createGroup(admin, { name: "Sales" }), await createGroup(admin, { name: "Export" })];
    for (const { id } of groups) await addToGroup(admin, { groupId: id, emails: [email] });
    await assignPeople(admin, { poolId, groupIds: groups.map(({ id }) => id) });
    const { sessionId } = await openDesktop(person, { poolId });
    await removeFromGroup(admin, { groupId: groups[0]!.id, emails: [email] });
    await look(poolId);
    expect((await readSession(person, { sessionId })).sessionId).toBe(sessionId);
    await deleteGroup(admin, { groupId: groups[1]!.id });
    expect((await listAssignments(admin, { poolId })).map(({ groupName }) => groupName)).toEqual(["Sales"]);
    await look(poolId);
    await expect(readSession(person, { sessionId })).rejects.toMatchObject({ code: "conflict" });
  });

  it("gives nothing to a person who left the organization", async () => {
    const poolId = await emptyPool();
    const leaver = await world.addMember(acme, "viewer");
    const theirs = testContext(database.app, { scope: "tenant", organizationId: acme.id, actor: { kind: "user", id: leaver.id } });
    await assignPeople(admin, { poolId, everybody: true });
    const { sessionId } = await openDesktop(theirs, { poolId });
    await database.owner.execute(sql`delete from member where user_id = ${leaver.id}`);
    await look(poolId);
    const [row] = (await database.owner.execute<{ reason: string }>(sql`select end_reason as reason from desktop_session where id = ${sessionId}`)).rows;
    expect(row?.reason).toBe("right-removed");
  });

  it("has a name of its own, and is no other organization's", async () => {
    await createGroup(admin, { name: "Legal" });
    await expect(createGroup(admin, { name: " legal " })).rejects.toMatchObject({ code: "conflict", detail: { field: "name" } });
    const foreign = testContext(database.app, { scope: "tenant", organizationId: world.globex.id, actor: { kind: "user", id: world.globex.people.admin.id } });
    const theirs = await createGroup(foreign, { name: "Legal" });
    const poolId = await emptyPool();
    await expect(assignPeople(admin, { poolId, groupIds: [theirs.id] })).rejects.toMatchObject({ code: "not-found" });
    await expect(importPeople(foreign, { poolId, csv: "a@world.test" })).rejects.toMatchObject({ code: "not-found" });
    await expect(importPeople(foreign, { poolId, csv: "a@world.test", dryRun: true })).rejects.toMatchObject({ code: "not-found" });
    expect(await listAssignments(admin, { poolId })).toEqual([]);
  });
});

describe("a list of people", () => {
  it("is reported line by line, as an editor counts them, and takes the good lines in", async () => {
    const poolId = await emptyPool();
    await assignPeople(admin, { poolId, emails: ["had.it@world.test"] });
    const csv = `\uFEFF"Name";"Mail"\r\n"Sato; Ren";${email}\r\n\r\nHad;HAD.IT@world.test\r\nNew;mailto:new@world.test\r\nAgain;New@world.test\r\nBad;not an address\r\n`;
    const expected = [[2, "added"], [4, "there"], [5, "added-waiting"], [6, "repeated"], [7, "no-address"]];
    const tried = await importPeople(admin, { poolId, csv, dryRun: true });
    expect(tried.lines.map(({ line, outcome }) => [line, outcome])).toEqual(expected);
    expect(await listAssignments(admin, { poolId })).toHaveLength(1);
    const report = await importPeople(admin, { poolId, csv });
    expect(report.lines.map(({ line, outcome }) => [line, outcome])).toEqual(expected);
    expect(report).toMatchObject({ added: 2, dryRun: false });
    expect((await listAssignments(admin, { poolId })).map((one) => one.email)).toEqual(["had.it@world.test", "new@world.test", email].toSorted());
    expect((await importPeople(admin, { poolId, csv })).added).toBe(0);
  });

  it("fills a group, has no head or a Japanese one, and says where it cannot be read", async () => {
    const { id: groupId } = await createGroup(admin, { name: "Night shift" });
    expect((await importPeople(admin, { groupId, csv: "a@world.test\nb@world.test\n" })).added).toBe(2);
    expect((await importPeople(admin, { groupId, csv: "氏名,メールアドレス,部署\n佐藤,c@world.test,総務\n" })).added).toBe(1);
    expect((await listGroupMembers(admin, { groupId })).map((one) => one.email)).toEqual(["a@world.test", "b@world.test", "c@world.test"]);
    await expect(importPeople(admin, { groupId, csv: 'mail,name\nd@world.test,ok\n"e@world.test,oh\n' })).rejects.toMatchObject({ code: "bad-input", detail: { field: "csv" } });
    await expect(importPeople(admin, { groupId, csv: Array.from({ length: 5_001 }, (_, index) => `p${index}@world.test`).join("\n") })).rejects.toMatchObject({ code: "bad-input" });
    expect(await listGroupMembers(admin, { groupId })).toHaveLength(3);
  });
});
