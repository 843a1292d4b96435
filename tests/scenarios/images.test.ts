import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { beginUpload, createInstance, listImages, receiveUpload, removeImage } from "@/server/compute";
import { inTransaction } from "@/server/platform/transaction";
import { wake } from "@/server/platform/wake";
import { createCentre, until, type Centre } from "./centre";

let centre: Centre;
const directory = mkdtempSync(join(tmpdir(), "berth-uploads-"));
beforeAll(async () => {
  centre = await createCentre({ imageUploadDirectory: directory });
  await centre.startWorker();
});
afterAll(async () => {
  await centre.close();
  rmSync(directory, { recursive: true, force: true });
});

const volumes = (): readonly string[] => centre.world.status().volumes.map((volume) => volume.name);
const statusOf = async (imageId: string): Promise<string | undefined> => (await listImages(centre.tenant)).find((image) => image.id === imageId)?.status;

describe("a tenant's own image", () => {
  it("goes from the upload to the storage, carries a machine, and leaves the storage when nothing needs it", async () => {
    const content = Buffer.alloc(4096, 7);
    const { imageId } = await beginUpload(centre.tenant, { name: "mine", format: "qcow2", sizeBytes: content.length });
    // The header is looked at by another test with real files; here it is the way from the folder to the pool.
    const inspector = { inspect: () => Promise.resolve({ virtualSizeBytes: 64 * 2 ** 20, fileSizeBytes: content.length, backingFile: null, dataFile: null, encrypted: false, corrupt: false }) };
    await receiveUpload(centre.tenant, { imageId, body: Readable.from([content]), directory, inspector });
    await until("the image is available", 15_000, async () => (await statusOf(imageId)) === "available", () => statusOf(imageId));
    // Available is said first: a worker that dies in between must not leave an image without its file.
    await until("its file has left the upload folder", 15_000, () => Promise.resolve(readdirSync(directory).length === 0), () => Promise.resolve(readdirSync(directory).join(" ")));
    const base = volumes().find((name) => name.includes(imageId));
    expect(base).toBeDefined();

    const { id } = await createInstance(centre.tenant, { name: "on-mine", flavorId: centre.flavors.small, imageId });
    await centre.untilStatus(id, "running");
    expect(centre.runsOn(id)).toHaveLength(1);

    const unused = await beginUpload(centre.tenant, { name: "unused", format: "qcow2", sizeBytes: content.length });
    await receiveUpload(centre.tenant, { imageId: unused.imageId, body: Readable.from([content]), directory, inspector });
    await until("the second image is available", 15_000, async () => (await statusOf(unused.imageId)) === "available", () => statusOf(unused.imageId));
    await removeImage(centre.tenant, { imageId: unused.imageId });
    await until("its volume is gone", 15_000, () => Promise.resolve(!volumes().some((name) => name.includes(unused.imageId))), () => Promise.resolve(volumes().join(" ")));

    // What a worker leaves that dies before it removes the file, and what a broken transfer of it leaves.
    writeFileSync(join(directory, imageId), content);
    writeFileSync(join(directory, `${imageId}.0011.part`), content);
    const next = await beginUpload(centre.tenant, { name: "next", format: "qcow2", sizeBytes: content.length });
    writeFileSync(join(directory, `${next.imageId}.0022.part`), content);
    await inTransaction(centre.provider, (tx) => wake(tx, "import-images"));
    await until("the left files are gone", 15_000, () => Promise.resolve(readdirSync(directory).length === 1), () => Promise.resolve(readdirSync(directory).join(" ")));
    expect(readdirSync(directory)).toEqual([`${next.imageId}.0022.part`]);
    expect(centre.world.doubleRuns()).toEqual([]);
  });
});
