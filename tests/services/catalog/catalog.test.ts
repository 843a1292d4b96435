import { sql } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { addPriceVersion, classDefaults, createFlavor, listAllFlavors, listPriceVersions, listPublicFlavors, readPricesIn, readUnitPrices, registerPublicImage, setOnSale } from "@/server/catalog";
import { VirtualClock } from "@/server/platform/clock";
import { inTransaction } from "@/server/platform/transaction";
import { createTestDatabase, testContext, type TestDatabase } from "@/tests/support/database";

const START = Date.UTC(2026, 3, 1);
let database: TestDatabase;
const clock = new VirtualClock(START);

beforeAll(async () => {
  database = await createTestDatabase();
  await database.worker.execute(sql`insert into organization (id, slug, name, currency, created_at) values ('org_c', 'c', 'C', 'JPY', now())`);
});
afterAll(() => database.close());

const staff = () => testContext(database.app, { scope: "provider", actor: { kind: "operator", id: "usr_staff" }, clock });
const tenant = () => testContext(database.app, { scope: "tenant", organizationId: "org_c", actor: { kind: "user", id: "usr_c" }, clock });

describe("flavors", () => {
  it("turn their class into guarantees", async () => {
    expect(classDefaults("dedicated", { vcpus: 4, memoryMiB: 8192 })).toEqual({ cpuReservationMillicores: 4000, cpuLimitMillicores: 4000, cpuShares: 2048, memoryReservationMiB: 8192 });
    expect(classDefaults("standard", { vcpus: 4, memoryMiB: 8192 })).toEqual({ cpuReservationMillicores: 1000, cpuLimitMillicores: null, cpuShares: 1024, memoryReservationMiB: 8192 });
    expect(classDefaults("burstable", { vcpus: 1, memoryMiB: 511 })).toEqual({ cpuReservationMillicores: 100, cpuLimitMillicores: null, cpuShares: 512, memoryReservationMiB: 256 });
    const made = await createFlavor(staff(), { name: "s-1", class: "standard", vcpus: 1, memoryMiB: 512, diskGiB: 10 });
    expect(made).toMatchObject({ cpuReservationMillicores: 250, cpuLimitMillicores: null, memoryReservationMiB: 512, onSale: true });
    expect(await createFlavor(staff(), { name: "s-2", class: "standard", vcpus: 2, memoryMiB: 512, diskGiB: 10, cpuReservationMillicores: 0, cpuShares: 100 })).toMatchObject({ cpuReservationMillicores: 0, cpuShares: 100 });
  });

  it("refuse a taken name, guarantees above the size, and tenants", async () => {
    await expect(createFlavor(staff(), { name: "s-1", class: "standard", vcpus: 1, memoryMiB: 512, diskGiB: 10 })).rejects.toMatchObject({ code: "conflict" });
    await expect(createFlavor(staff(), { name: "s-3", class: "standard", vcpus: 1, memoryMiB: 512, diskGiB: 10, cpuReservationMillicores: 1001 })).rejects.toMatchObject({ name: "ZodError" });
    await expect(createFlavor(staff(), { name: "s-3", class: "standard", vcpus: 1, memoryMiB: 512, diskGiB: 10, memoryReservationMiB: 513 })).rejects.toMatchObject({ name: "ZodError" });
    await expect(createFlavor(tenant(), { name: "s-3", class: "standard", vcpus: 1, memoryMiB: 512, diskGiB: 10 })).rejects.toMatchObject({ cause: { code: "42501" } });
  });

  it("go off sale and stay known", async () => {
    const [flavor] = await listAllFlavors(staff());
    await addPriceVersion(staff(), { meter: "instance", flavorId: flavor!.id, currency: "USD", microsPerHour: 5 });
    expect((await listPublicFlavors(tenant(), { currency: "USD" })).map((one) => one.name)).toEqual([flavor!.name]);
    await setOnSale(staff(), { flavorId: flavor!.id, onSale: false });
    expect(await listPublicFlavors(tenant(), { currency: "USD" })).toEqual([]);
    expect((await listAllFlavors(staff())).some((one) => one.id === flavor!.id && !one.onSale)).toBe(true);
  });
});

describe("prices", () => {
  it("are in force from their moment until a later version, and never edited", async () => {
    const { id } = await createFlavor(staff(), { name: "p-1", class: "standard", vcpus: 1, memoryMiB: 512, diskGiB: 10 });
    const inForce = async () => (await inTransaction(tenant(), (tx) => readPricesIn(tx, tenant(), "JPY"))).flavors.get(id)?.microsPerHour;
    expect(await inForce()).toBeUndefined();
    const add = (microsPerHour: number, hours: number) => addPriceVersion(staff(), { meter: "instance", flavorId: id, currency: "JPY", microsPerHour, validFrom: new Date(clock.nowMs() + hours * 3_600_000) });
    const first = await add(1_000_000, 0);
    await add(2_000_000, 2);
    expect(await inForce()).toBe(1_000_000);
    await clock.advance(2 * 3_600_000 - 1);
    expect(await inForce()).toBe(1_000_000);
    await clock.advance(1);
    expect(await inForce()).toBe(2_000_000);
    expect((await listPriceVersions(staff())).filter((price) => price.flavorId === id).map((price) => price.microsPerHour)).toEqual([2_000_000, 1_000_000]);
    await expect(add(1, -1)).rejects.toMatchObject({ code: "bad-input", detail: { field: "validFrom" } });
    await expect(add(1, 0)).rejects.toMatchObject({ code: "conflict" });
    await expect(database.owner.execute(sql`update price_version set micros_per_hour = 1 where id = ${first.id}`)).rejects.toMatchObject({ cause: { code: "23000" } });
    await expect(database.owner.execute(sql`delete from price_version where id = ${first.id}`)).rejects.toMatchObject({ cause: { code: "23000" } });
  });

  it("know their currency, their meter and their flavor", async () => {
    await expect(addPriceVersion(staff(), { meter: "storage", currency: "JPX", microsPerHour: 1 })).rejects.toMatchObject({ name: "ZodError" });
    await expect(addPriceVersion(staff(), { meter: "storage", flavorId: "flv_x", currency: "JPY", microsPerHour: 1 })).rejects.toMatchObject({ name: "ZodError" });
    await expect(addPriceVersion(staff(), { meter: "instance", currency: "JPY", microsPerHour: 1 })).rejects.toMatchObject({ name: "ZodError" });
    await expect(addPriceVersion(staff(), { meter: "instance", flavorId: "flv_x", currency: "JPY", microsPerHour: 1 })).rejects.toMatchObject({ code: "not-found" });
    await expect(addPriceVersion(staff(), { meter: "storage", currency: "JPY", microsPerHour: 0.5 })).rejects.toMatchObject({ name: "ZodError" });
    expect(await readUnitPrices(tenant(), "org_c")).toEqual({ currency: "JPY", storageGiBMicrosPerHour: null, addressMicrosPerHour: null, imageGiBMicrosPerHour: null });
    await addPriceVersion(staff(), { meter: "storage", currency: "JPY", microsPerHour: 7 });
    await addPriceVersion(staff(), { meter: "address", currency: "JPY", microsPerHour: 9 });
    expect(await readUnitPrices(tenant(), "org_c")).toEqual({ currency: "JPY", storageGiBMicrosPerHour: 7, addressMicrosPerHour: 9, imageGiBMicrosPerHour: null });
  });

  it("leave a trail", async () => {
    const trail = await database.worker.execute<{ action: string; n: number }>(sql`select action, count(*)::int as n from audit_entry where organization_id is null group by action order by action`);
    expect(trail.rows.map((row) => row.action)).toEqual(["flavor.created", "flavor.on-sale-set", "price-version.added"]);
  });
});

describe("public images", () => {
  const image = { name: "Tiny", bootKind: "disk" as const, volume: "tiny.qcow2", format: "qcow2" as const, virtualSizeMiB: 64, sizeBytes: 1000, sha256: "a".repeat(64) };

  it("are registered once, whatever the number of tries, and not changed under their name", async () => {
    const made = await registerPublicImage(staff(), image);
    expect(made).toMatchObject({ organizationId: null, status: "available", firmware: "bios" });
    expect((await registerPublicImage(staff(), image)).id).toBe(made.id);
    await expect(registerPublicImage(staff(), { ...image, sha256: "b".repeat(64) })).rejects.toMatchObject({ code: "conflict" });
    await expect(registerPublicImage(staff(), { ...image, volume: "../etc/passwd" })).rejects.toMatchObject({ name: "ZodError" });
    await expect(registerPublicImage(staff(), { ...image, volume: "k.qcow2", bootKind: "kernel" })).rejects.toMatchObject({ name: "ZodError" });
    await expect(registerPublicImage(tenant(), { ...image, volume: "t.qcow2" })).rejects.toMatchObject({ cause: { code: "42501" } });
  });
});
