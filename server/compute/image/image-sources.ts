import type { Context } from "@/server/platform/context";
import { notFound } from "@/server/platform/errors";
import type { Transaction } from "@/server/platform/transaction";
import type { ImageSource } from "../types";
import { selectSources } from "./store";

/** Where root disks come from and how they boot, by image id; unknown ids are left out. */
export async function imageSources(tx: Transaction, _context: Context, imageIds: readonly string[]): Promise<ReadonlyMap<string, ImageSource>> {
  if (imageIds.length === 0) return new Map();
  return new Map((await selectSources(tx, imageIds)).map((source) => [source.id, source]));
}

/** The same of one image; throws `not-found`. */
export async function imageSource(tx: Transaction, context: Context, imageId: string): Promise<ImageSource> {
  const source = (await imageSources(tx, context, [imageId])).get(imageId);
  if (!source) throw notFound("image", imageId);
  return source;
}
