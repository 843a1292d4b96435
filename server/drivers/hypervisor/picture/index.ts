import type { Screenshot } from "../types";
import { isOneColour, toPng, type Picture } from "./png";

export { readPixmap } from "./pixmap";
export { isOneColour, toPng, type Picture } from "./png";

/** A picture as callers get it. */
export function toScreenshot(picture: Picture): Screenshot {
  return { pngBase64: toPng(picture).toString("base64"), widthPixels: picture.widthPixels, heightPixels: picture.heightPixels, isBlank: isOneColour(picture) };
}
