import { createReadStream } from "node:fs";
import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { failAbandonedUploads, listImporting, listRetiredImages, listStillImporting, markAvailable, markFailed, markImageRemoved, uploadPath } from "@/server/compute";
import { DriverError } from "@/server/drivers/errors";
import { readFleet, type HostRow, type StoragePoolRow } from "@/server/fleet";
import { isId } from "@/server/platform/id";
import { sentence } from "@/server/platform/sentences";
import { inTransaction } from "@/server/platform/transaction";
import type { LoopDefinition, Pass } from "./types";

/** A tenant who has just sent an image waits for it. */
const RETRY_MS = 2_000;

/** Copies uploaded images into the shared pools, and removes the volumes of retired ones. */
export function importImagesLoop(directory: string): LoopDefinition {
  return {
    name: "import-images",
    periodMs: 30_000,
    async pass(pass) {
      const { context } = pass;
      const fleet = await readFleet(context, { allocations: false });
      const places = [...fleet.clusters.keys()].flatMap((clusterId) => placesOf(fleet.hosts.values(), fleet.pools, clusterId));
      await removeLeftFiles(pass, directory);
      const { importing, retired } = await inTransaction(context, async (tx) => {
        await failAbandonedUploads(tx, context);
        return { importing: await listImporting(tx, context), retired: await listRetiredImages(tx, context) };
      });
      if (places.length > 0) {
        for (const image of importing) pass.background(image.id, () => importImage(pass, directory, image, places));
        for (const image of retired) pass.background(image.id, () => removeImage(pass, image, places));
      }
      const backlog = importing.length + retired.length;
      // What could not be done now (no host up, a full pool) is not left to the period.
      return backlog > 0 ? { backlog, againInMs: RETRY_MS } : { backlog };
    },
  };
}

/**
 * Removes files that no image waits for: of an upload that failed, of a worker that died between the copy and the removal.
 * A file is named after its image before anything is written, so one of an image that is still importing is never touched.
 */
async function removeLeftFiles({ context }: Pass, directory: string): Promise<void> {
  const files = await readdir(directory).catch((error: NodeJS.ErrnoException) => {
    // The first upload makes the folder.
    if (error.code === "ENOENT") return [];
    throw error;
  });
  const imageOf = (file: string): string => file.split(".")[0] ?? file;
  const ids: readonly string[] = [...new Set(files.map(imageOf))].filter((id) => isId("image", id));
  const needed = await inTransaction(context, (tx) => listStillImporting(tx, context, ids), { readOnly: true });
  for (const file of files) if (ids.includes(imageOf(file)) && !needed.has(imageOf(file))) await rm(join(directory, file), { force: true });
}

interface PlaceForImages {
  readonly host: HostRow;
  readonly pool: StoragePoolRow;
}

/** One host that is up for each pool. */
function placesOf(hosts: Iterable<HostRow>, pools: readonly StoragePoolRow[], clusterId: string): PlaceForImages[] {
  const host = [...hosts].find((candidate) => candidate.clusterId === clusterId && candidate.state === "up");
  return host ? pools.filter((pool) => pool.clusterId === clusterId).map((pool) => ({ host, pool })) : [];
}

async function importImage(pass: Pass, directory: string, image: { readonly id: string; readonly volume: string }, places: readonly PlaceForImages[]): Promise<void> {
  const { context, machines, signal } = pass;
  const file = uploadPath(directory, image.id);
  let sizeBytes: number;
  try {
    sizeBytes = (await stat(file)).size;
  } catch (error) {
    await inTransaction(context, (tx) => markFailed(tx, context, { imageId: image.id, reason: sentence("image-file-gone") }));
    context.logger.error({ imageId: image.id, err: error }, "an uploaded image has no file");
    return;
  }
  try {
    for (const { host, pool } of places) await machines.host(host).uploadVolume(pool.name, image.volume, createReadStream(file, { signal }), sizeBytes);
  } catch (error) {
    if (!(error instanceof DriverError)) throw error;
    if (error.outcomeUnknown || error.code === "insufficient") {
      context.logger.warn({ imageId: image.id, err: error }, "an image could not be copied now; tried again");
      return;
    }
    await inTransaction(context, (tx) => markFailed(tx, context, { imageId: image.id, reason: sentence("image-copy-failed", { error: error.code }) }));
    context.logger.error({ imageId: image.id, err: error }, "an image could not be imported");
    return;
  }
  await inTransaction(context, (tx) => markAvailable(tx, context, { imageId: image.id }));
  await rm(file, { force: true });
}

async function removeImage(pass: Pass, image: { readonly id: string; readonly volume: string }, places: readonly PlaceForImages[]): Promise<void> {
  const { context, machines } = pass;
  try {
    for (const { host, pool } of places) await machines.host(host).deleteVolume(pool.name, image.volume);
  } catch (error) {
    if (!(error instanceof DriverError)) throw error;
    context.logger.warn({ imageId: image.id, err: error }, "a retired image could not be removed now; tried again");
    return;
  }
  await inTransaction(context, (tx) => markImageRemoved(tx, context, { imageId: image.id }));
}
