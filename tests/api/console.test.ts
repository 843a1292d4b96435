import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eq } from "drizzle-orm";
import { consoleSession, consoleTicket } from "@/db/schema/console";
import { auditEntry } from "@/db/schema/tenancy";
import { cluster } from "@/db/schema/fleet";
import { createTestDatabase, type TestDatabase } from "../support/database";
import { createWorld, type World } from "../support/world";

describe("consoles and clusters through the front door", () => {
  let database: TestDatabase;
  let world: World;

  beforeAll(async () => {
    database = await createTestDatabase();
    world = await createWorld(database);
  });
  afterAll(() => database?.close());

  it("gives a viewer a ticket that only looks, and an operator a full one", async () => {
    const { acme } = world;
    const ask = async (who: "viewer" | "operator", viewOnly: boolean) => (await world.caller(acme.people[who])).console.ticket({ organization: acme.slug, instanceId: acme.instanceId, kind: "vnc", viewOnly });
    await expect(ask("viewer", false)).rejects.toMatchObject({ code: "FORBIDDEN" });
    expect(await database.owner.select().from(consoleTicket)).toEqual([]);
    await ask("viewer", true);
    await ask("operator", false);
    const tickets = await database.owner.select({ userId: consoleTicket.userId, viewOnly: consoleTicket.viewOnly }).from(consoleTicket);
    expect(new Map(tickets.map((one) => [one.userId, one.viewOnly]))).toEqual(new Map([[acme.people.viewer.id, true], [acme.people.operator.id, false]]));
  });

  it("lists the open consoles of one organization, and ends one with a word in its audit trail", async () => {
    const { acme, globex, staff } = world;
    const mine = await world.addConsole(acme);
    const foreign = await world.addConsole(globex);
    const admin = await world.caller(acme.people.admin);
    const { items } = await admin.console.sessions({ organization: acme.slug });
    expect(items.map((one) => one.id)).toEqual([mine]);
    expect(items[0]).toMatchObject({ instanceId: acme.instanceId, userName: expect.stringContaining("Person") as string, kind: "vnc", viewOnly: false });
    await expect(admin.console.end({ organization: acme.slug, consoleSessionId: foreign })).rejects.toMatchObject({ code: "NOT_FOUND" });
    await admin.console.end({ organization: acme.slug, consoleSessionId: mine });
    expect((await admin.console.sessions({ organization: acme.slug })).items).toEqual([]);
    const [row] = await database.owner.select().from(consoleSession).where(eq(consoleSession.id, mine));
    expect(row?.endReason).toContain(acme.people.admin.id);
    const said = await database.owner.select().from(auditEntry).where(eq(auditEntry.targetId, mine));
    expect(said.map((entry) => [entry.action, entry.organizationId])).toEqual([["console.ended", acme.id]]);

    const support = await world.caller(staff.support);
    expect((await support.admin.consoles.list({ organizationId: globex.id })).items.map((one) => one.id)).toEqual([foreign]);
    await support.admin.consoles.end({ consoleSessionId: foreign });
    expect((await support.admin.consoles.list({ organizationId: globex.id })).items).toEqual([]);
  });

  it("makes a cluster whole or not at all", async () => {
    const admin = await world.caller(world.staff.admin);
    const input = { name: "osaka-1", hypervisor: "libvirt", cpuModel: "x86-64-v2", pool: { name: "berth", path: "/srv/berth" }, network: { name: "private", cidr: "10.90.0.0/24", gateway: "10.90.0.1", firstAddress: "10.90.0.10", lastAddress: "10.90.0.250", bridge: "br-berth" } } as const;
    const { clusterId } = await admin.admin.clusters.create(input);
    expect(await admin.admin.clusters.get({ clusterId })).toMatchObject({ name: "osaka-1", pools: [{ name: "berth", path: "/srv/berth" }], hosts: [] });
    await expect(admin.admin.clusters.create({ ...input, network: { ...input.network, cidr: "10.91.0.0/24" } })).rejects.toMatchObject({ code: "BAD_REQUEST" });
    await expect(admin.admin.clusters.create(input)).rejects.toMatchObject({ code: "CONFLICT" });
    await expect(admin.admin.clusters.create({ ...input, name: "osaka-2", network: { ...input.network, gateway: "10.90.0.20" } })).rejects.toMatchObject({ code: "BAD_REQUEST" });
    const names = (await database.owner.select({ name: cluster.name }).from(cluster)).map((one) => one.name);
    expect(names.filter((name) => name.startsWith("osaka"))).toEqual(["osaka-1"]);
    const said = await database.owner.select().from(auditEntry).where(eq(auditEntry.targetId, clusterId));
    expect(said.map((entry) => entry.action)).toEqual(["cluster.created"]);
  });
});
