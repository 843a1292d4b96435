import { execFileSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { sql } from "drizzle-orm";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import {
  beginUpload, createInstance, failAbandonedUploads, listImages, listImporting, listRetiredImages, markAvailable, markFailed, markImageRemoved, receiveUpload, removeImage, uploadPath,
} from "@/server/compute";
import { qemuImgInspector } from "@/server/drivers/disk-image";
import { VirtualClock } from "@/server/platform/clock";
import type { Context } from "@/server/platform/context";
import { inTransaction, type Transaction } from "@/server/platform/transaction";
import { createTestDatabase, testContext, type TestDatabase } from "@/tests/support/database";
import { makeOffer, makeTenant, problemOf, quotaDrift, quotaNumbers } from "./fixture";

const hasQemuImg = (() => {
  try {
    execFileSync("qemu-img", ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
})();

describe.skipIf(!hasQemuImg)("an image that is sent", () => {
  let database: TestDatabase;
  let folder: string;
  let directory: string;

  beforeAll(async () => {
    database = await createTestDatabase();
    await makeOffer(database);
  });
  afterAll(() => database.close());
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "berth-images-"));
    directory = join(folder, "uploads");
  });
  afterEach(async () => {
    rmSync(folder, { recursive: true, force: true });
    expect(await quotaDrift(database)).toEqual([]);
  });

  const qemuImg = (...args: string[]) => execFileSync("qemu-img", args, { cwd: folder, stdio: ["ignore", "ignore", "inherit"] });
  const make = (name: string, ...args: string[]): Buffer => {
    qemuImg("create", "-q", ...args.slice(0, -1), name, ...args.slice(-1));
    return readFileSync(join(folder, name));
  };
  const begin = async (context: Context, content: Buffer, format: "qcow2" | "raw", more: { sha256?: string; sizeBytes?: number } = {}) =>
    (await beginUpload(context, { name: "mine", format, sizeBytes: content.length, ...more })).imageId;
  const send = (context: Context, imageId: string, content: Buffer) => receiveUpload(context, { imageId, body: Readable.from([content.subarray(0, 1000), content.subarray(1000)]), directory, inspector: qemuImgInspector });
  const loop = <T>(work: (tx: Transaction, context: Context) => Promise<T>): Promise<T> => {
    const context = testContext(database.worker);
    return inTransaction(context, (tx) => work(tx, context));
  };

  it("is hashed, looked at, copied by the loop, ordered, and removed", async () => {
    const [tenant, stranger] = [await makeTenant(database), await makeTenant(database)];
    const content = make("a.qcow2", "-f", "qcow2", "100M");
    const imageId = await begin(tenant, content, "qcow2", { sha256: createHash("sha256").update(content).digest("hex") });
    expect((await quotaNumbers(tenant)).storageGiB).toEqual([0, 1]);
    expect((await listImages(tenant)).find((image) => image.id === imageId)).toMatchObject({ public: false, status: "importing", statusReason: "Its file is awaited." });
    expect((await problemOf(send(stranger, imageId, content))).code).toBe("not-found");
    expect(await loop((tx, context) => listImporting(tx, context))).toEqual([]);

    expect(await send(tenant, imageId, content)).toMatchObject({ status: "importing", virtualSizeMiB: 100 });
    expect(readFileSync(uploadPath(directory, imageId)).equals(content)).toBe(true);
    expect((await problemOf(send(tenant, imageId, content))).code).toBe("conflict");
    expect((await loop((tx, context) => listImporting(tx, context))).map((image) => [image.id, image.volume])).toEqual([[imageId, `${imageId}.qcow2`]]);

    expect(await loop((tx, context) => markAvailable(tx, context, { imageId }))).toBe(true);
    expect(await loop((tx, context) => markAvailable(tx, context, { imageId }))).toBe(false);
    expect(await loop((tx, context) => markFailed(tx, context, { imageId, reason: "late" }))).toBe(false);
    expect((await quotaNumbers(tenant)).storageGiB).toEqual([1, 0]);
    expect((await listImages(stranger)).some((image) => image.id === imageId)).toBe(false);
    expect((await problemOf(createInstance(stranger, { name: "x", flavorId: "flv_small", imageId }))).code).toBe("not-found");
    const { id } = await createInstance(tenant, { name: "x", flavorId: "flv_small", imageId });
    expect(await problemOf(removeImage(tenant, { imageId }))).toMatchObject({ code: "conflict", detail: { users: 1 } });
    await database.worker.execute(sql`update volume set state = 'removed' where instance_id = ${id}`);
    await removeImage(tenant, { imageId });
    expect((await listImages(tenant)).some((image) => image.id === imageId)).toBe(false);
    expect((await quotaNumbers(tenant)).storageGiB).toEqual([1, 4]);
    expect((await loop((tx, context) => listRetiredImages(tx, context))).map((image) => image.id)).toEqual([imageId]);
    expect(await loop((tx, context) => markImageRemoved(tx, context, { imageId }))).toBe(true);
    expect((await quotaNumbers(tenant)).storageGiB).toEqual([0, 4]);
    expect(await loop((tx, context) => listRetiredImages(tx, context))).toEqual([]);
  });

  it("may be raw in whole sectors", async () => {
    const tenant = await makeTenant(database);
    const content = randomBytes(512 * 2048);
    expect(await send(tenant, await begin(tenant, content, "raw"), content)).toMatchObject({ virtualSizeMiB: 1 });
  });

  it.each([
    ["a backing file", () => (make("base.qcow2", "-f", "qcow2", "10M"), make("over.qcow2", "-f", "qcow2", "-b", "base.qcow2", "-F", "qcow2", "10M")), "qcow2", "backing file"],
    ["a data file", () => make("with-data.qcow2", "-f", "qcow2", "-o", "data_file=outside.raw", "10M"), "qcow2", "external data file"],
    ["encryption", () => make("secret.qcow2", "-f", "qcow2", "--object", "secret,id=s,data=x", "-o", "encrypt.format=aes,encrypt.key-secret=s", "10M"), "qcow2", "encrypted"],
    ["a disk of 3 TiB", () => make("huge.qcow2", "-f", "qcow2", "3T"), "qcow2", "3072 GiB"],
    ["another format", () => make("a.vmdk", "-f", "vmdk", "10M"), "qcow2", "no qcow2 image"],
    ["nothing of an image", () => randomBytes(4096), "qcow2", "no qcow2 image"],
    ["qcow2 said to be raw", () => make("b.qcow2", "-f", "qcow2", "10M"), "raw", "another format"],
    ["a raw file that is cut off", () => randomBytes(1000), "raw", "multiple of 512"],
  ] as const)("is refused with %s, which fails it and gives the storage back", async (_what, file, format, words) => {
    const tenant = await makeTenant(database);
    const content = file();
    const imageId = await begin(tenant, content, format);
    const problem = await problemOf(send(tenant, imageId, content));
    expect(problem).toMatchObject({ code: "bad-input" });
    expect(problem.message).toContain(words);
    expect(problem.message).not.toContain(folder);
    expect((await listImages(tenant)).find((image) => image.id === imageId)).toMatchObject({ status: "failed" });
    expect((await quotaNumbers(tenant)).storageGiB).toEqual([0, 0]);
    expect(readdirSync(directory)).toEqual([]);
    await removeImage(tenant, { imageId });
  });

  it("can be sent again after the connection broke, and not with other bytes than announced", async () => {
    const tenant = await makeTenant(database);
    const content = make("a.qcow2", "-f", "qcow2", "10M");
    const imageId = await begin(tenant, content, "qcow2");
    const broken = new Readable({ read() { this.push(content.subarray(0, 100)); this.destroy(new Error("the line went dead")); } });
    await expect(receiveUpload(tenant, { imageId, body: broken, directory, inspector: qemuImgInspector })).rejects.toThrow("the line went dead");
    expect((await problemOf(send(tenant, imageId, content.subarray(0, -1)))).message).toContain("fewer");
    expect((await problemOf(send(tenant, imageId, Buffer.concat([content, Buffer.from("x")])))).message).toContain("more");
    expect(readdirSync(directory)).toEqual([]);
    expect(await send(tenant, imageId, content)).toMatchObject({ virtualSizeMiB: 10 });

    const lied = await begin(tenant, content, "qcow2", { sha256: "0".repeat(64) });
    expect((await problemOf(send(tenant, lied, content))).message).toContain("sha256");
  });

  it("is refused over the quota, and given up after a day", async () => {
    const tenant = await makeTenant(database, { storageGiB: 1 });
    const content = randomBytes(512);
    const imageId = await begin(tenant, content, "raw");
    expect((await problemOf(beginUpload(tenant, { name: "second", format: "raw", sizeBytes: 512 }))).code).toBe("quota-exceeded");
    const clock = new VirtualClock(Date.now() + 25 * 3600 * 1000);
    expect(await loop((tx, context) => failAbandonedUploads(tx, { ...context, clock }))).toBeGreaterThanOrEqual(1);
    expect((await listImages(tenant)).find((image) => image.id === imageId)).toMatchObject({ status: "failed" });
    await begin(tenant, content, "raw");
  });

  it("is offered to everybody when our staff sends it", async () => {
    const tenant = await makeTenant(database);
    const staff = testContext(database.app, { scope: "provider", actor: { kind: "operator", id: "usr_staff" } });
    const content = make("public.qcow2", "-f", "qcow2", "10M");
    const { imageId } = await beginUpload(staff, { name: "For all", format: "qcow2", sizeBytes: content.length });
    expect((await problemOf(send(tenant, imageId, content))).code).toBe("not-found");
    await send(staff, imageId, content);
    const seen = async () => (await listImages(tenant)).some((image) => image.id === imageId && image.public);
    expect(await seen()).toBe(false);
    await loop((tx, context) => markAvailable(tx, context, { imageId }));
    expect(await seen()).toBe(true);
    expect((await problemOf(removeImage(tenant, { imageId }))).code).toBe("not-found");
  });

  it("never becomes a path: only an image's id names a file", async () => {
    const tenant = await makeTenant(database);
    writeFileSync(join(folder, "x"), "");
    expect((await problemOf(receiveUpload(tenant, { imageId: "../x", body: Readable.from([]), directory, inspector: qemuImgInspector }))).code).toBe("not-found");
    expect(() => uploadPath(directory, "../x")).toThrow("no file name");
  });
});
