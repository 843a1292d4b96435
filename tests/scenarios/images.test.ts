import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { beginUpload, createInstance, listImages, receiveUpload, removeImage } from "@/server/compute";
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
    expect(readdirSync(directory)).toEqual([]);
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
    expect(centre.world.doubleRuns()).toEqual([]);
  });
});
