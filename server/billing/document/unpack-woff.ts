import { inflateSync } from "node:zlib";

const WOFF_HEADER = 44;
const WOFF_ENTRY = 20;
const SFNT_HEADER = 12;
const SFNT_ENTRY = 16;

/**
 * Makes a plain font file of a WOFF 1.0 one (W3C Recommendation 2012: the same tables, each deflated). The drawing library unpacks a table
 * whenever it looks into it, which takes half a second a line of text.
 * @throws RangeError for bytes that are no WOFF file.
 */
export function unpackWoff(file: Buffer): Buffer {
  if (file.toString("latin1", 0, 4) !== "wOFF") throw new RangeError("These bytes are no WOFF file: install the packages again.");
  const count = file.readUInt16BE(12);
  const tables = Array.from({ length: count }, (_, index) => {
    const at = WOFF_HEADER + index * WOFF_ENTRY;
    const from = file.readUInt32BE(at + 4);
    const packed = file.subarray(from, from + file.readUInt32BE(at + 8));
    const length = file.readUInt32BE(at + 12);
    return { tag: file.subarray(at, at + 4), checksum: file.readUInt32BE(at + 16), data: packed.length < length ? inflateSync(packed) : packed };
  });
  const header = Buffer.alloc(SFNT_HEADER + count * SFNT_ENTRY);
  file.copy(header, 0, 4, 8);
  header.writeUInt16BE(count, 4);
  const power = 2 ** Math.floor(Math.log2(count));
  header.writeUInt16BE(power * 16, 6);
  header.writeUInt16BE(Math.log2(power), 8);
  header.writeUInt16BE(count * 16 - power * 16, 10);
  const parts: Buffer[] = [header];
  let offset = header.length;
  for (const [index, table] of tables.entries()) {
    const at = SFNT_HEADER + index * SFNT_ENTRY;
    table.tag.copy(header, at);
    header.writeUInt32BE(table.checksum, at + 4);
    header.writeUInt32BE(offset, at + 8);
    header.writeUInt32BE(table.data.length, at + 12);
    const padding = (4 - (table.data.length % 4)) % 4;
    parts.push(table.data, Buffer.alloc(padding));
    offset += table.data.length + padding;
  }
  return Buffer.concat(parts);
}
