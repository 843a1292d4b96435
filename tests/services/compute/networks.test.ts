import { sql } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createInstance, createNetwork, createNetworkIn, createPrivateNetwork, getInstance, getInstanceForConverge, listNetworks, removeNetwork, seedFiles } from "@/server/compute";
import { inTransaction } from "@/server/platform/transaction";
import { createTestDatabase, testContext, type TestDatabase } from "@/tests/support/database";
import { makeOffer, makeTenant, problemOf, type Offer } from "./fixture";

let database: TestDatabase;
let offer: Offer;
beforeAll(async () => {
  database = await createTestDatabase();
  offer = await makeOffer(database);
});
afterAll(() => database.close());

let machines = 0;
const order = (networkId?: string) => ({ name: `m-${++machines}`, flavorId: offer.small, imageId: offer.imageId, ...(networkId === undefined ? {} : { networkId }) });
const gone = (instanceId: string) => database.worker.execute(sql`update address set released_at = now() where instance_id = ${instanceId}`);

describe("private networks", () => {
  it("gives machines of each the addresses of its range, and the walls of it; without one it is the shared network as ever", async () => {
    const tenant = await makeTenant(database);
    const blue = await createPrivateNetwork(tenant, { name: "blue", cidr: "10.99.1.77/24" });
    const red = await createPrivateNetwork(tenant, { name: "red", cidr: "10.99.2.0/24" });
    const machine = async (networkId?: string) => {
      const { id } = await createInstance(tenant, order(networkId));
      return (await inTransaction(testContext(database.worker), (tx) => getInstanceForConverge(tx, testContext(database.worker), id)))!.addresses[0]!;
    };
    const [inBlue, inRed, shared] = [await machine(blue.id), await machine(red.id), await machine()];
    expect(inBlue).toMatchObject({ networkId: blue.id, bridge: "br0", onlyWithin: "10.99.1.0/24" });
    expect(inBlue.ip).toMatch(/^10\.99\.1\.\d+$/);
    expect(inRed).toMatchObject({ networkId: red.id, onlyWithin: "10.99.2.0/24" });
    expect(shared).toMatchObject({ networkId: offer.networkId, onlyWithin: null });
    const seed = await inTransaction(testContext(database.worker), (tx) => seedFiles(tx, testContext(database.worker), inBlue.instanceId));
    // It has no way out, so its guest is told of none.
    expect(seed.files["network-config"]).toContain(`${inBlue.ip}/24`);
    expect(seed.files["network-config"]).not.toContain("via:");
    expect((await getInstance(tenant, { instanceId: inRed.instanceId })).addresses).toMatchObject([{ networkName: "red" }]);
    expect((await listNetworks(tenant)).map(({ name, cidr, used, size }) => [name, cidr, used, size])).toEqual([["blue", "10.99.1.0/24", 1, 253], ["red", "10.99.2.0/24", 1, 253]]);
  });

  it("refuses what overlaps, whoever has it, what is no private range, and a name that is taken", async () => {
    const [tenant, stranger] = [await makeTenant(database), await makeTenant(database)];
    await createPrivateNetwork(tenant, { name: "one", cidr: "10.98.0.0/16" });
    const refusal = async (who: typeof tenant, name: string, cidr: string) => {
      const { code, words } = await problemOf(createPrivateNetwork(who, { name, cidr }));
      return [code, words?.[0]?.code];
    };
    expect(await refusal(tenant, "two", "10.98.7.0/24")).toEqual(["conflict", "refused-network-overlaps"]);
    expect(await refusal(stranger, "two", "10.98.7.0/24")).toEqual(["conflict", "refused-network-taken"]);
    // The cluster's own shared network, which hosts live in too.
    expect(await refusal(tenant, "two", "10.20.4.0/24")).toEqual(["conflict", "refused-network-overlaps"]);
    for (const cidr of ["8.8.8.0/24", "10.0.0.0/15", "192.168.1.0/29", "172.32.0.0/24"]) expect(await refusal(tenant, "two", cidr)).toEqual(["bad-input", "refused-network-range"]);
    expect(await refusal(tenant, "one", "10.97.0.0/24")).toEqual(["conflict", "refused-network-name"]);
    expect((await problemOf(createNetwork(testContext(database.app, { scope: "provider" }), { clusterId: offer.clusterId, name: "more", cidr: "10.98.0.0/24", firstAddress: "10.98.0.10", lastAddress: "10.98.0.20", bridge: "br0" }))).code).toBe("conflict");
    // Of two who ask for the same range at once one gets it.
    const both = await Promise.allSettled([tenant, stranger].map((who) => createPrivateNetwork(who, { name: "race", cidr: "10.96.0.0/24" })));
    expect(both.map(({ status }) => status).toSorted()).toEqual(["fulfilled", "rejected"]);
  });

  it("lets a shared and a private one that overlap never both be made, however close together they are asked for", async () => {
    const tenant = await makeTenant(database);
    const staff = testContext(database.app, { scope: "provider" });
    const shared = (third: number) => ({ clusterId: offer.clusterId, name: `shared-${third}`, cidr: `10.95.${third}.0/24`, firstAddress: `10.95.${third}.10`, lastAddress: `10.95.${third}.20`, bridge: "br0" });
    // The shared one is written and its transaction still open when the private one is asked for.
    let written = (): void => undefined;
    let release = (): void => undefined;
    const isWritten = new Promise<void>((resolve) => (written = resolve));
    const gate = new Promise<void>((resolve) => (release = resolve));
    const first = inTransaction(staff, async (tx) => {
      await createNetworkIn(tx, staff, shared(0));
      written();
      await gate;
    });
    await isWritten;
    let settled = false;
    const second = problemOf(createPrivateNetwork(tenant, { name: "late", cidr: "10.95.0.0/24" })).finally(() => (settled = true));
    const waits = async () => (await database.owner.execute(sql`select 1 from pg_locks where locktype = 'advisory' and not granted and database = (select oid from pg_database where datname = current_database())`)).rows.length > 0;
    while (!settled && !(await waits())) await new Promise((resolve) => setTimeout(resolve, 10));
    expect(settled).toBe(false);
    release();
    await first;
    expect((await second).words?.[0]?.code).toBe("refused-network-overlaps");
    for (let third = 1; third <= 4; third++) {
      const both = await Promise.allSettled([createNetwork(staff, shared(third)), createPrivateNetwork(tenant, { name: `own-${third}`, cidr: `10.95.${third}.0/24` })]);
      expect(both.map(({ status }) => status).toSorted()).toEqual(["fulfilled", "rejected"]);
    }
    // Others of this file have the cluster's one shared network.
    await database.owner.execute(sql`delete from network where organization_id is null and name like 'shared-%'`);
  });

  it("says which network is full, and gives no address twice to those who order the last ones at once", async () => {
    const tenant = await makeTenant(database);
    const { id } = await createPrivateNetwork(tenant, { name: "small", cidr: "192.168.44.16/28" });
    const answers = await Promise.allSettled(Array.from({ length: 15 }, () => createInstance(tenant, order(id))));
    const made = answers.flatMap((answer) => (answer.status === "fulfilled" ? [answer.value] : []));
    expect(new Set(made.map(({ privateIp }) => privateIp)).size).toBe(13);
    expect(made.map(({ privateIp }) => privateIp)).toContain("192.168.44.18");
    expect(await problemOf(createInstance(tenant, order(id)))).toMatchObject({ code: "conflict", message: expect.stringContaining("The network small has no free address") as string, words: [{ code: "refused-network-full" }] });
    await gone(made[0]!.id);
    expect((await createInstance(tenant, order(id))).privateIp).toBe(made[0]!.privateIp);
  });

  it("is removed only when nobody is in it, and then takes nobody any more; its range is free again", async () => {
    const [tenant, stranger] = [await makeTenant(database), await makeTenant(database)];
    const { id } = await createPrivateNetwork(tenant, { name: "office", cidr: "10.95.0.0/24" });
    const machine = await createInstance(tenant, order(id));
    expect(await problemOf(removeNetwork(tenant, { networkId: id }))).toMatchObject({ code: "conflict", detail: { addresses: 1, pools: 0 } });
    expect((await problemOf(removeNetwork(stranger, { networkId: id }))).code).toBe("not-found");
    expect((await problemOf(createInstance(stranger, order(id)))).code).toBe("not-found");
    expect((await problemOf(removeNetwork(tenant, { networkId: offer.networkId }))).code).toBe("not-found");
    await gone(machine.id);
    // One of the two comes first, and the other one finds it so: never an address of a network that is no more.
    const [ordered, removed] = await Promise.allSettled([createInstance(tenant, order(id)), removeNetwork(tenant, { networkId: id })]);
    expect([ordered.status, removed.status].toSorted()).toEqual(["fulfilled", "rejected"]);
    if (ordered.status === "fulfilled") {
      await gone(ordered.value.id);
      await removeNetwork(tenant, { networkId: id });
    }
    expect(await listNetworks(tenant)).toEqual([]);
    expect((await problemOf(createInstance(tenant, order(id)))).code).toBe("not-found");
    expect((await createPrivateNetwork(stranger, { name: "office", cidr: "10.95.0.0/24" })).id).not.toBe(id);
    const audit = await database.owner.execute<{ action: string }>(sql`select action from audit_entry where target_id = ${id} order by sequence`);
    expect(audit.rows.map(({ action }) => action)).toEqual(["network.created", "network.removed"]);
  });
});
