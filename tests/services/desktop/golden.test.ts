import { sql } from "drizzle-orm";
import { afterAll, beforeAll, expect, it } from "vitest";
import { removeImage } from "@/server/compute";
import { concludeCheck, listChecking, publishVersion, removeCheckMachine, retireVersion, rollOut } from "@/server/desktop";
import type { Context } from "@/server/platform/context";
import { silentLogger } from "@/server/platform/logger";
import { inTransaction } from "@/server/platform/transaction";
import { createTestDatabase, testContext, type TestDatabase } from "../../support/database";
import { addDesktopPool, addGoldenVersion } from "../../support/desktops";
import { createWorld, type World } from "../../support/world";

let database: TestDatabase;
let world: World;
let admin: Context;

beforeAll(async () => {
  database = await createTestDatabase();
  world = await createWorld(database, { logger: silentLogger });
  admin = testContext(database.app, { scope: "tenant", organizationId: world.acme.id, actor: { kind: "user", id: world.acme.people.admin.id } });
});
afterAll(() => database.close());

it("keeps a version that a pool or a desktop stands on, and says how many", async () => {
  const { poolId, versionId, desktopId } = await addDesktopPool(world, world.acme);
  await expect(retireVersion(admin, { versionId })).rejects.toMatchObject({ code: "conflict", detail: { pools: 1, desktops: 1 } });
  const [{ golden } = { golden: "" }] = (await database.owner.execute<{ golden: string }>(sql`select golden_image_id as golden from golden_version where id = ${versionId}`)).rows;
  // Another version is rolled out; the desktop is still of the first one.
  const next = await addGoldenVersion(world, world.acme);
  await database.owner.execute(sql`update golden_version set golden_image_id = ${golden}, number = 2 where id = ${next.versionId}`);
  await rollOut(admin, { poolId, versionId: next.versionId });
  await expect(retireVersion(admin, { versionId })).rejects.toMatchObject({ code: "conflict", detail: { pools: 0, desktops: 1 } });
  await database.owner.execute(sql`update desktop set version_id = ${next.versionId} where id = ${desktopId}`);
  expect((await retireVersion(admin, { versionId })).state).toBe("retired");
  // What is not published any more is given to nobody.
  await expect(rollOut(admin, { poolId, versionId })).rejects.toMatchObject({ code: "conflict" });
  await publishVersion(admin, { versionId });
});

it("keeps the image behind a version from being removed, also while no desktop was made of it yet", async () => {
  const { versionId } = await addGoldenVersion(world, world.acme);
  const imageId = await world.addImage(world.acme);
  await database.owner.execute(sql`update golden_version set image_id = ${imageId} where id = ${versionId}`);
  await expect(removeImage(admin, { imageId })).rejects.toMatchObject({ code: "conflict", detail: { versions: 1 } });
  const [{ status } = { status: "" }] = (await database.owner.execute<{ status: string }>(sql`select status from image where id = ${imageId}`)).rows;
  expect(status).not.toBe("retired");
  await retireVersion(admin, { versionId });
  await removeImage(admin, { imageId });
});

it("is checked once: the first word counts, and the machine of the check is removed although whoever had the word died", async () => {
  const worker = testContext(database.worker, { actor: { kind: "system", id: "check-golden-images" } });
  const { versionId } = await addGoldenVersion(world, world.acme);
  const { instanceId } = world.acme;
  await database.owner.execute(sql`update golden_version set state = 'checking', check_instance_id = ${instanceId} where id = ${versionId}`);
  const listed = async () => (await inTransaction(worker, (tx) => listChecking(tx, worker), { readOnly: true })).find(({ id }) => id === versionId);
  const conclude = async (passed: boolean) => inTransaction(worker, async (tx) => concludeCheck(tx, worker, (await listed())!, { passed, detail: {}, screenshot: null }));
  await conclude(true);
  await conclude(false);
  const left = (await listed())!;
  expect(left.state).toBe("checked");
  await removeCheckMachine(worker, left);
  expect(await listed()).toBeUndefined();
});
