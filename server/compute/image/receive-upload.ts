import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { mkdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { recordAudit } from "@/server/tenancy";
import type { Context } from "@/server/platform/context";
import { sentence, sentences, type Said } from "@/server/platform/sentences";
import { notFound, Problem } from "@/server/platform/errors";
import { isId } from "@/server/platform/id";
import { inTransaction } from "@/server/platform/transaction";
import { announce, wake } from "@/server/platform/wake";
import type { ImageRow } from "../types";
import { markFailed } from "./mark-image";
import { refusalOf, toImageView, virtualSizeMiBOf } from "./rules";
import { lockOwnImage, selectOwnImage, updateImage } from "./store";
import type { ImageView, Upload } from "./types";

/** Where the checked file of an image waits for the loop that copies it. */
export function uploadPath(directory: string, imageId: string): string {
  if (!isId("image", imageId)) throw new Error(`${imageId} is no image id, so it is no file name`);
  return join(directory, imageId);
}

/**
 * Takes the file of a begun upload: streams it to disk, counts and hashes it on the way, looks at its header, and hands it
 * to the loop `import-images`. A transfer that breaks off can be sent again; a file that is refused fails the image.
 */
export async function receiveUpload(context: Context, upload: Upload): Promise<ImageView> {
  const { imageId, directory } = upload;
  if (!isId("image", imageId)) throw notFound("image", imageId);
  const image = await inTransaction(context, (tx) => selectOwnImage(tx, context, imageId), { readOnly: true });
  if (!image) throw notFound("image", imageId);
  requireAwaited(image);
  await mkdir(directory, { recursive: true, mode: 0o700 });
  // A name of its own for every try, so that two at once do not write into one file.
  const part = `${uploadPath(directory, imageId)}.${Buffer.from(context.random.bytes(6)).toString("hex")}.part`;
  try {
    const sha256 = await receive(upload, part, image.sizeBytes);
    if (image.sha256 !== "" && image.sha256 !== sha256) throw await refused(context, image, sentence("refused-upload-sha256"));
    const facts = await upload.inspector.inspect(part, image.format);
    if ("invalid" in facts) throw await refused(context, image, `It is no ${image.format} image: ${facts.invalid}.`);
    const refusal = refusalOf(facts, image.format);
    if (refusal !== null) throw await refused(context, image, refusal);
    await rename(part, uploadPath(directory, imageId));
    return await inTransaction(context, async (tx) => {
      const row = await lockOwnImage(tx, context, imageId);
      if (!row) throw notFound("image", imageId);
      requireAwaited(row);
      const set = { uploadedAt: context.clock.now(), sha256, virtualSizeMiB: virtualSizeMiBOf(facts) };
      await updateImage(tx, imageId, set);
      await wake(tx, "import-images");
      await announce(tx, { organizationId: row.organizationId, topic: "image", id: imageId });
      await recordAudit(tx, context, { organizationId: row.organizationId, action: "image.uploaded", targetKind: "image", targetId: imageId, after: { sha256, virtualSizeMiB: set.virtualSizeMiB } });
      return toImageView({ ...row, ...set });
    });
  } finally {
    await rm(part, { force: true });
  }
}

function requireAwaited(image: ImageRow): void {
  if (image.status === "importing" && image.uploadedAt === null) return;
  throw new Problem("conflict", image.status === "importing" ? sentence("refused-upload-arrived", { image: image.name }) : sentence("refused-upload-status", { image: image.name, status: image.status }), { imageId: image.id, status: image.status });
}

/** Writes the body to a file; answers its sha256. Refuses more or fewer bytes than were announced. */
async function receive({ body }: Upload, path: string, announcedBytes: number): Promise<string> {
  const hash = createHash("sha256");
  let received = 0;
  const wrongSize = () => new Problem("bad-input", sentence(received > announcedBytes ? "refused-upload-longer" : "refused-upload-shorter", { announcedBytes }), { announcedBytes });
  const count = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      received += chunk.length;
      if (received > announcedBytes) return done(wrongSize());
      hash.update(chunk);
      done(null, chunk);
    },
  });
  await pipeline(body, count, createWriteStream(path, { mode: 0o600, flags: "wx", flush: true }));
  if (received !== announcedBytes) throw wrongSize();
  return hash.digest("hex");
}

/** Fails the image for good and makes the error that says why. */
async function refused(context: Context, image: ImageRow, reason: Said): Promise<Problem> {
  await inTransaction(context, (tx) => markFailed(tx, context, { imageId: image.id, reason }));
  return new Problem("bad-input", typeof reason === "string" ? `The image ${image.name} was refused. ${reason}` : sentences(sentence("refused-image", { image: image.name }), reason), { imageId: image.id });
}
