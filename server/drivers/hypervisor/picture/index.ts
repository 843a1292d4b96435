import type { Screenshot } from "../types";
import { readPixmap } from "./pixmap";
import { isOneColour, toPng, type Picture } from "./png";
import { isPng, readPng } from "./read-png";
import { shrink } from "./shrink";

export { readPixmap } from "./pixmap";
export { isOneColour, toPng, type Picture } from "./png";
export { readPng } from "./read-png";

/** A file as a hypervisor wrote it: a PNG stays as it is, a pixmap becomes one. */
export function fileToScreenshot(file: Buffer): Screenshot {
  if (!isPng(file)) return toScreenshot(readPixmap(file));
  const picture = readPng(file);
  return { pngBase64: file.toString("base64"), widthPixels: picture.widthPixels, heightPixels: picture.heightPixels, isBlank: isOneColour(picture) };
}

/** The same picture, at most so wide; `undefined` leaves it as it is. */
export function narrowScreenshot(screenshot: Screenshot, widthPixels: number | undefined): Screenshot {
  if (widthPixels === undefined || screenshot.widthPixels <= widthPixels) return screenshot;
  return toScreenshot(shrink(readPng(Buffer.from(screenshot.pngBase64, "base64")), widthPixels));
}

/** A picture as callers get it. */
export function toScreenshot(picture: Picture): Screenshot {
  return { pngBase64: toPng(picture).toString("base64"), widthPixels: picture.widthPixels, heightPixels: picture.heightPixels, isBlank: isOneColour(picture) };
}
