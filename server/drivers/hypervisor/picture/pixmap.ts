import { DriverError } from "../../errors";
import type { Picture } from "./png";

const CHANNELS = 3;
const SPACE = /\s/;

/** Reads a binary pixmap (Netpbm "P6", 8 bits a channel), as QEMU writes a screen. */
export function readPixmap(file: Buffer): Picture {
  const fields: string[] = [];
  let at = 0;
  while (fields.length < 4 && at < file.length) {
    const letter = String.fromCharCode(file[at] ?? 0);
    if (letter === "#") while (at < file.length && file[at] !== 0x0a) at += 1;
    else if (SPACE.test(letter)) at += 1;
    else {
      const start = at;
      while (at < file.length && !SPACE.test(String.fromCharCode(file[at] ?? 0))) at += 1;
      fields.push(file.toString("latin1", start, at));
    }
  }
  const [magic, width, height, most] = fields;
  const widthPixels = Number(width);
  const heightPixels = Number(height);
  const rgb = file.subarray(at + 1);
  if (magic !== "P6" || most !== "255" || !(widthPixels > 0) || !(heightPixels > 0) || rgb.length !== widthPixels * heightPixels * CHANNELS) {
    throw new DriverError("failed", "the picture of a screen could not be read: it is no binary pixmap of 8 bits a channel, or it is not whole", { head: fields.join(" ").slice(0, 80), bytes: file.length });
  }
  return { widthPixels, heightPixels, rgb };
}
