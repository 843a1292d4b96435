import { sql } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readPng } from "@/server/drivers/hypervisor/picture";
import { addVersion, assignPeople, createPool, getPool, issueDesktopTicket, listDesktops, listGolden, listMyDesktops, listPictures, logOff, openDesktop, publishVersion, readCheckScreenshot, readSession, removeAssignment, listAssignments, updatePool, watchPool, type PoolRow } from "@/server/desktop";
import { updateProfile } from "@/server/tenancy";
import type { Context } from "@/server/platform/context";
import { openCentre, until, type Centre } from "./centre";
import { leaveUnused } from "./leave-unused";

let centre: Centre;
const people = new Map<string, Context>();

/** A member of the organization who may do nothing but use what is theirs. */
async function person(name: string): Promise<Context> {
  const known = people.get(name);
  if (known) return known;
  const id = `usr_${name}`;
  await centre.database.owner.execute(sql`insert into user_account (id, email, name, created_at) values (${id}, ${`${name}@example.test`}, ${name}, now())`);
  await centre.database.owner.execute(sql`insert into member (organization_id, user_id, role, created_at) values (${centre.tenant.organizationId}, ${id}, 'viewer', now())`);
  const context: Context = { ...centre.tenant, actor: { kind: "user", id } };
  people.set(name, context);
  return context;
}

async function pool(name: string, more: Partial<Parameters<typeof createPool>[1]>): Promise<PoolRow> {
  const [golden] = await listGolden(centre.tenant);
  return createPool(centre.tenant, { name, kind: "floating", goldenImageId: golden!.goldenImageId, flavorId: centre.flavors.small, maximum: 2, ...more });
}

const counts = async (poolId: string) => (await getPool(centre.tenant, { poolId })).counts;
const opened = async (context: Context, sessionId: string): Promise<void> =>
  until(`session ${sessionId} can be opened`, 30_000, async () => (await readSession(context, { sessionId })).state === "ready", () => readSession(context, { sessionId }));
const machineOf = async (sessionId: string): Promise<string> =>
  (await centre.rows<{ id: string }>(`select d.instance_id as id from desktop_session s join desktop d on d.id = s.desktop_id where s.id = '${sessionId}'`))[0]!.id;

beforeAll(async () => {
  centre = await openCentre();
  const version = await addVersion(centre.tenant, { goldenImageName: "office", imageId: centre.imageId });
  await expect(publishVersion(centre.tenant, { versionId: version.id })).rejects.toMatchObject({ code: "conflict" });
  await until("the version is checked", 30_000, async () => (await listGolden(centre.tenant))[0]!.state === "checked", () => listGolden(centre.tenant));
  // What its check saw is kept: a picture with something on it.
  expect(Buffer.from((await readCheckScreenshot(centre.tenant, { versionId: version.id })).png, "base64").toString("latin1", 1, 4)).toBe("PNG");
  await publishVersion(centre.tenant, { versionId: version.id });
});
afterAll(() => centre.close());

describe("a floating pool", () => {
  it("keeps some ready, gives them at once, and makes anew what somebody has used before anybody else gets it", async () => {
    const { id: poolId } = await pool("lab", { minimumReady: 1, maximum: 1 });
    const [ann, bob] = [await person("ann"), await person("bob")];
    await expect(openDesktop(ann, { poolId })).rejects.toMatchObject({ code: "not-found" });
    await assignPeople(centre.tenant, { poolId, emails: ["ann@example.test", "BOB@example.test"] });
    await until("one stands ready", 30_000, async () => (await counts(poolId)).ready === 1, () => counts(poolId));
    const first = await openDesktop(ann, { poolId });
    expect(first).toMatchObject({ given: "running", state: "ready", place: null });
    expect((await openDesktop(ann, { poolId })).sessionId).toBe(first.sessionId);
    await expect(readSession(bob, { sessionId: first.sessionId })).rejects.toMatchObject({ code: "not-found" });
    await expect(issueDesktopTicket(bob, { sessionId: first.sessionId })).rejects.toMatchObject({ code: "not-found" });
    expect((await issueDesktopTicket(ann, { sessionId: first.sessionId })).kind).toBe("vnc");
    const machine = await machineOf(first.sessionId);
    const [host] = centre.runsOn(machine);
    await centre.world.port.call("agentCommand", host!, { instanceId: machine, command: "guest-exec", args: { path: "/bin/sh", arg: ["-c", "echo secret > /var/of-ann; sync"] } });
    const second = await openDesktop(bob, { poolId });
    expect(second).toMatchObject({ given: "queued", state: "queued", place: 1 });
    await logOff(ann, { sessionId: first.sessionId });
    await opened(bob, second.sessionId);
    expect(await machineOf(second.sessionId)).toBe(machine);
    const [now] = centre.runsOn(machine);
    const { pid } = (await centre.world.port.call("agentCommand", now!, { instanceId: machine, command: "guest-exec", args: { path: "/bin/sh", arg: ["-c", "cat /var/of-ann || echo clean"], "capture-output": true } })) as { pid: number };
    const { "out-data": out } = (await centre.world.port.call("agentCommand", now!, { instanceId: machine, command: "guest-exec-status", args: { pid } })) as { "out-data": string };
    expect(Buffer.from(out, "base64").toString().trim()).toBe("clean");
    expect((await listMyDesktops(bob))[0]).toMatchObject({ poolName: "lab", state: "open" });
    await logOff(bob, { sessionId: second.sessionId });
  });

  it("speaks the language of whoever it is given to, says what its guest was told, and takes over what they change", async () => {
    const { id: poolId } = await pool("tongues", { minimumReady: 1, maximum: 1, keyboard: "us" });
    await assignPeople(centre.tenant, { poolId, emails: ["aoi@example.test", "bea@example.test"] });
    const [aoi, bea] = [await person("aoi"), await person("bea")];
    await centre.rows(`update user_account set locale = 'ja', name = '青井: Aoi' where id = 'usr_aoi'`);
    await until("one stands ready", 30_000, async () => (await counts(poolId)).ready === 1, () => counts(poolId));
    const first = await openDesktop(aoi, { poolId });
    const machine = await machineOf(first.sessionId);
    const inGuest = async (): Promise<string> => {
      const [host] = centre.runsOn(machine);
      const ask = (command: string, args: Readonly<Record<string, unknown>>) => centre.world.port.call("agentCommand", host!, { instanceId: machine, command, args });
      const { pid } = (await ask("guest-exec", { path: "/bin/sh", arg: ["-c", "cat /etc/default/locale /etc/default/keyboard /etc/passwd"], "capture-output": true })) as { pid: number };
      return Buffer.from(((await ask("guest-exec-status", { pid })) as { "out-data"?: string })["out-data"] ?? "", "base64").toString();
    };
    const told = (what: string, wanted: RegExp): Promise<unknown> => until(what, 30_000, async () => wanted.test(await inGuest().catch(() => "")), inGuest);
    // Her language, and her pool's keyboard.
    await told("it speaks Japanese", /LANG=ja_JP\.UTF-8[^]*XKBLAYOUT=us[^]*:青井 Aoi:/);
    await until("the pool's page knows", 10_000, async () => (await listDesktops(centre.tenant, { poolId }))[0]!.personalisation?.locale === "ja_JP.UTF-8");
    expect((await listDesktops(centre.tenant, { poolId }))[0]!.personalisation).toMatchObject({ keyboard: "us", outcomes: { locale: "applied", keyboard: "applied", fullName: "applied" } });
    await updateProfile({ ...aoi, scope: "identity", organizationId: null }, { keyboard: "jp", desktopLocale: "C.UTF-8" });
    await told("it took over what she chose", /LANG=C\.UTF-8[^]*XKBMODEL=jp106[^]*XKBLAYOUT=jp/);
    await until("her page knows her keyboard", 10_000, async () => (await readSession(aoi, { sessionId: first.sessionId })).keyboard === "jp");
    await logOff(aoi, { sessionId: first.sessionId });
    await until("it is made anew", 30_000, async () => (await counts(poolId)).ready === 1, () => counts(poolId));
    const second = await openDesktop(bea, { poolId });
    await opened(bea, second.sessionId);
    await told("it speaks the next person's", /LANG=en_US\.UTF-8[^]*XKBLAYOUT=us[^]*:bea:/);
    expect(await inGuest()).not.toContain("青井");
    await logOff(bea, { sessionId: second.sessionId });
  }, 60_000);

  it("is pictured, small, while somebody who runs it looks, and what was wiped is pictured no more", async () => {
    const { id: poolId } = await pool("seen", { minimumReady: 1, maximum: 1 });
    await assignPeople(centre.tenant, { poolId, emails: ["ivy@example.test"] });
    const ivy = await person("ivy");
    await until("one stands ready", 30_000, async () => (await counts(poolId)).ready === 1, () => counts(poolId));
    const { sessionId } = await openDesktop(ivy, { poolId });
    expect(await listPictures(centre.tenant, { poolId })).toEqual([]);
    await watchPool(centre.tenant, { poolId });
    await watchPool(centre.tenant, { poolId });
    await until("there is a picture", 30_000, async () => (await listPictures(centre.tenant, { poolId })).length === 1);
    const [picture] = await listPictures(centre.tenant, { poolId });
    expect(readPng(Buffer.from(picture!.png, "base64")).widthPixels).toBe(320);
    // Who looks goes on looking; the audit trail has it once.
    expect(await centre.rows(`select 1 from audit_entry where action = 'desktop-pool.watched' and target_id = '${poolId}'`)).toHaveLength(1);
    await centre.rows(`update desktop_pool set pictures_until = now() where id = '${poolId}'`);
    await logOff(ivy, { sessionId });
    await until("it is made anew", 30_000, async () => (await counts(poolId)).ready === 1, () => counts(poolId));
    expect(await listPictures(centre.tenant, { poolId })).toEqual([]);
  }, 60_000);

  it("refuses in the table what the broker would never do", async () => {
    const given = centre.rows(`update desktop set used_by_user_id = 'usr_ann', assigned_user_id = 'usr_bob' where pool_id in (select id from desktop_pool where name = 'lab')`);
    await expect(given).rejects.toMatchObject({ cause: { constraint: "desktop_wiped_between_people" } });
    const twice = centre.rows(`insert into desktop_session (id, organization_id, pool_id, user_id, desktop_id, given, asked_at)
      select 'dse_' || u, d.organization_id, d.pool_id, u, d.id, 'running', now() from desktop d, unnest(array['usr_x', 'usr_y']) u where d.pool_id in (select id from desktop_pool where name = 'lab')`);
    await expect(twice).rejects.toMatchObject({ cause: { constraint: "desktop_session_one_person" } });
  });

  it("gives the last free one to one of many who ask at once, and a place in the queue to the others", async () => {
    const { id: poolId } = await pool("rush", { minimumReady: 1, maximum: 1 });
    await assignPeople(centre.tenant, { poolId, everybody: true });
    await until("one stands ready", 30_000, async () => (await counts(poolId)).ready === 1, () => counts(poolId));
    const all = await Promise.all(["cleo", "dan", "eve", "fay"].map(person));
    const answers = await Promise.all(all.map((context) => openDesktop(context, { poolId })));
    expect(answers.filter((answer) => answer.given === "running")).toHaveLength(1);
    expect(answers.filter((answer) => answer.given === "queued")).toHaveLength(3);
    const places = await Promise.all(answers.map(async (answer, index) => (await readSession(all[index]!, { sessionId: answer.sessionId })).place));
    expect(places.filter((place) => place !== null).toSorted((a, b) => a - b)).toEqual([1, 2, 3]);
    await updatePool(centre.tenant, { poolId, maximum: 4 });
    await until("everybody has one of their own", 30_000, async () => (await centre.rows(`select 1 from desktop_session where pool_id = '${poolId}' and ended_at is null and ready_at is not null`)).length === 4);
    expect(await centre.rows(`select desktop_id from desktop_session where pool_id = '${poolId}' and ended_at is null group by 1 having count(*) > 1`)).toEqual([]);
    // A smaller pool takes no desktop from anybody; what is free beyond it goes.
    await updatePool(centre.tenant, { poolId, maximum: 2 });
    expect((await counts(poolId))["in-session"]).toBe(4);
    await Promise.all(answers.slice(1).map((answer, index) => logOff(all[index + 1]!, { sessionId: answer.sessionId })));
    await until("two are left", 30_000, async () => Object.entries(await counts(poolId)).reduce((sum, [state, n]) => (state === "retired" ? sum : sum + n), 0) === 2, () => counts(poolId));
    expect((await readSession(all[0]!, { sessionId: answers[0]!.sessionId })).state).toBe("ready");
  });
});

describe("a persistent pool", () => {
  it("makes one for each person, puts it aside when it is not used, and lets it go on with their work", async () => {
    const { id: poolId } = await pool("own", { kind: "persistent", maximum: 3 });
    await assignPeople(centre.tenant, { poolId, emails: ["gus@example.test"] });
    const gus = await person("gus");
    const first = await openDesktop(gus, { poolId });
    expect(first).toMatchObject({ given: "cloning", state: "coming" });
    expect(first.estimateSeconds).toBeGreaterThan(0);
    await opened(gus, first.sessionId);
    const machine = await machineOf(first.sessionId);
    const [host] = centre.runsOn(machine);
    await new Promise((resolve) => setTimeout(resolve, 100));
    await centre.world.port.call("agentCommand", host!, { instanceId: machine, command: "guest-exec", args: { path: "/bin/sh", arg: ["-c", "echo open > /tmp/document"] } });
    await logOff(gus, { sessionId: first.sessionId });
    await until("it waits for its owner", 10_000, async () => (await counts(poolId)).ready === 1, () => counts(poolId));
    // Half an hour without anybody in it.
    await leaveUnused(centre, poolId, 31);
    await until("it is put aside", 20_000, async () => (await counts(poolId)).suspended === 1 && centre.runsOn(machine).length === 0, () => counts(poolId));
    expect((await listMyDesktops(gus)).find((one) => one.poolId === poolId)).toMatchObject({ state: "suspended" });
    await until("its place is free", 5_000, async () => (await centre.rows(`select 1 from allocation where instance_id = '${machine}'`)).length === 0);
    const second = await openDesktop(gus, { poolId });
    expect(second.given).toBe("resuming");
    await opened(gus, second.sessionId);
    expect(await machineOf(second.sessionId)).toBe(machine);
    const [now] = centre.runsOn(machine);
    const { pid } = (await centre.world.port.call("agentCommand", now!, { instanceId: machine, command: "guest-exec", args: { path: "/bin/sh", arg: ["-c", "cat /tmp/document"], "capture-output": true } })) as { pid: number };
    const { "out-data": out } = (await centre.world.port.call("agentCommand", now!, { instanceId: machine, command: "guest-exec-status", args: { pid } })) as { "out-data": string };
    expect(Buffer.from(out, "base64").toString().trim()).toBe("open");
    expect(centre.world.tornGuests()).toEqual([]);
    // Without the right nothing new is opened.
    await logOff(gus, { sessionId: second.sessionId });
    const [right] = await listAssignments(centre.tenant, { poolId });
    await removeAssignment(centre.tenant, { assignmentId: right!.id });
    await expect(openDesktop(gus, { poolId })).rejects.toMatchObject({ code: "not-found" });
    expect((await listDesktops(centre.tenant, { poolId }))[0]!.assignedTo?.email).toBe("gus@example.test");
    await centre.checkInvariants();
  });
});
