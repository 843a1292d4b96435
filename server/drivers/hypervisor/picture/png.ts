import { crc32, deflateSync } from "node:zlib";

/** Pixels of three bytes (red, green, blue), line by line. */
export interface Picture {
  readonly widthPixels: number;
  readonly heightPixels: number;
  readonly rgb: Buffer;
}

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const BITS_A_CHANNEL = 8;
const TRUE_COLOUR = 2;
const CHANNELS = 3;

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const framed = Buffer.alloc(body.length + 8);
  framed.writeUInt32BE(data.length, 0);
  body.copy(framed, 4);
  framed.writeUInt32BE(crc32(body), body.length + 4);
  return framed;
}

/** The picture as a PNG file (W3C PNG, 2nd edition): true colour, every line unfiltered, because screens are mostly equal neighbours that deflate finds by itself. */
export function toPng({ widthPixels, heightPixels, rgb }: Picture): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(widthPixels, 0);
  header.writeUInt32BE(heightPixels, 4);
  header.set([BITS_A_CHANNEL, TRUE_COLOUR], 8);
  const stride = widthPixels * CHANNELS;
  const lines = Buffer.alloc((stride + 1) * heightPixels);
  for (let row = 0; row < heightPixels; row++) rgb.copy(lines, row * (stride + 1) + 1, row * stride, (row + 1) * stride);
  return Buffer.concat([SIGNATURE, chunk("IHDR", header), chunk("IDAT", deflateSync(lines)), chunk("IEND", Buffer.alloc(0))]);
}

/** Nothing can be seen on it: every pixel has the colour of the first. */
export function isOneColour({ rgb }: Picture): boolean {
  const first = rgb.subarray(0, CHANNELS);
  for (let at = CHANNELS; at < rgb.length; at += CHANNELS) if (rgb[at] !== first[0] || rgb[at + 1] !== first[1] || rgb[at + 2] !== first[2]) return false;
  return true;
}
