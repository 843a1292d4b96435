import { inflateSync } from "node:zlib";
import { DriverError } from "../../errors";
import type { Picture } from "./png";

const SIGNATURE = "89504e470d0a1a0a";
const FIRST_CHUNK = 8;
const CHUNK_FRAME = 12;
/** Bytes a point by colour type: true colour, without and with transparency. */
const CHANNELS = new Map([[2, 3], [6, 4]]);
/** 8192 by 4320 points of four bytes, and a filter byte a line. */
const MOST_BYTES = 8_192 * 4_320 * 4 + 4_320;

export function isPng(file: Buffer): boolean {
  return file.toString("hex", 0, FIRST_CHUNK) === SIGNATURE;
}

/** Reads a PNG file as QEMU writes one: true colour, 8 bits a channel, not interlaced. */
export function readPng(file: Buffer): Picture {
  const header = file.subarray(FIRST_CHUNK + 8, FIRST_CHUNK + 8 + 13);
  const channels = CHANNELS.get(header[9] ?? -1);
  if (!isPng(file) || header.length < 13 || header[8] !== 8 || channels === undefined || header[12] !== 0) throw unreadable("it is no PNG of true colour with 8 bits a channel", file);
  const [widthPixels, heightPixels] = [header.readUInt32BE(0), header.readUInt32BE(4)];
  const parts: Buffer[] = [];
  for (let at = FIRST_CHUNK; at + CHUNK_FRAME <= file.length; at += CHUNK_FRAME + file.readUInt32BE(at)) {
    if (file.toString("latin1", at + 4, at + 8) === "IDAT") parts.push(file.subarray(at + 8, at + 8 + file.readUInt32BE(at)));
  }
  const lines = inflated(Buffer.concat(parts), file);
  const stride = widthPixels * channels;
  if (lines.length !== (stride + 1) * heightPixels) throw unreadable("it is not whole", file);
  return { widthPixels, heightPixels, rgb: withoutTransparency(unfiltered(lines, stride, channels, heightPixels), channels) };
}

function inflated(data: Buffer, file: Buffer): Buffer {
  try {
    return inflateSync(data, { maxOutputLength: MOST_BYTES });
  } catch (cause) {
    throw unreadable("its content cannot be unpacked", file, cause);
  }
}

/** Takes back what the writer did to each line (W3C PNG, 9.2): each byte was written as the difference to a guess from its neighbours. */
function unfiltered(lines: Buffer, stride: number, channels: number, rows: number): Buffer {
  const out = Buffer.alloc(stride * rows);
  for (let row = 0; row < rows; row++) {
    const filter = lines[row * (stride + 1)] ?? 0;
    const start = row * stride;
    for (let at = 0; at < stride; at++) {
      const left = at >= channels ? (out[start + at - channels] ?? 0) : 0;
      const up = row > 0 ? (out[start + at - stride] ?? 0) : 0;
      const corner = row > 0 && at >= channels ? (out[start + at - stride - channels] ?? 0) : 0;
      out[start + at] = (lines[row * (stride + 1) + 1 + at] ?? 0) + guess(filter, left, up, corner);
    }
  }
  return out;
}

function guess(filter: number, left: number, up: number, corner: number): number {
  switch (filter) {
    case 1:
      return left;
    case 2:
      return up;
    case 3:
      return (left + up) >> 1;
    case 4: {
      const [toLeft, toUp, toCorner] = [Math.abs(up - corner), Math.abs(left - corner), Math.abs(left + up - 2 * corner)];
      return toLeft <= toUp && toLeft <= toCorner ? left : toUp <= toCorner ? up : corner;
    }
    default:
      return 0;
  }
}

function withoutTransparency(points: Buffer, channels: number): Buffer {
  if (channels === 3) return points;
  const rgb = Buffer.alloc((points.length / channels) * 3);
  for (let from = 0, to = 0; from < points.length; from += channels, to += 3) points.copy(rgb, to, from, from + 3);
  return rgb;
}

function unreadable(why: string, file: Buffer, cause?: unknown): DriverError {
  return new DriverError("failed", `the picture of a screen could not be read: ${why}`, { head: file.toString("hex", 0, 32), bytes: file.length }, { cause });
}
