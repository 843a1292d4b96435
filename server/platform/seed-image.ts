/**
 * Writes a small ISO 9660 image (ECMA-119) with the label `cidata`: the form in which cloud-init and the tiny guest take
 * their first-boot files. Exact names come through Rock Ridge for Linux and through Joliet for the others.
 */

const SECTOR = 2048;
/** Sectors 0 to 15 are the system's; descriptors, path tables and the two root directories follow, then the files. */
const SECTORS = { primary: 16, joliet: 17, terminator: 18, paths: 19, pathsBig: 20, jolietPaths: 21, jolietPathsBig: 22, root: 23, jolietRoot: 24, files: 25 } as const;
/** Seeds are kilobytes; this keeps a mistake from becoming a disk. */
const LARGEST_SEED_BYTES = 16 * 1024 * 1024;
const LABEL = "cidata";

interface Placed {
  readonly name: string;
  /** Name in the primary directory: upper case, eight characters, as the oldest readers want it. */
  readonly plainName: string;
  readonly content: Buffer;
  readonly sector: number;
}

/**
 * One flat folder of text files. Equal input gives equal bytes: there is no time stamp in it.
 * @throws RangeError for names that the format cannot hold, and for more than 16 MiB.
 */
export function seedImage(files: Readonly<Record<string, string>>): Uint8Array {
  const placed = place(files);
  const sectors = Math.max(SECTORS.files, ...placed.map((file) => file.sector + sectorsOf(file.content)));
  const image = Buffer.alloc(sectors * SECTOR);
  const put = (sector: number, bytes: Buffer) => bytes.copy(image, sector * SECTOR);
  put(SECTORS.primary, descriptor("primary", sectors));
  put(SECTORS.joliet, descriptor("joliet", sectors));
  put(SECTORS.terminator, Buffer.from([255, ...Buffer.from("CD001"), 1]));
  put(SECTORS.paths, pathTable(SECTORS.root, "little"));
  put(SECTORS.pathsBig, pathTable(SECTORS.root, "big"));
  put(SECTORS.jolietPaths, pathTable(SECTORS.jolietRoot, "little"));
  put(SECTORS.jolietPathsBig, pathTable(SECTORS.jolietRoot, "big"));
  put(SECTORS.root, folder(SECTORS.root, placed, "primary"));
  put(SECTORS.jolietRoot, folder(SECTORS.jolietRoot, placed, "joliet"));
  for (const file of placed) put(file.sector, file.content);
  return image;
}

function sectorsOf(content: Buffer): number {
  return Math.ceil(content.length / SECTOR);
}

function place(files: Readonly<Record<string, string>>): readonly Placed[] {
  let sector: number = SECTORS.files;
  const names = Object.keys(files).sort();
  const placed = names.map((name, index): Placed => {
    if (!/^[A-Za-z0-9._-]{1,60}$/.test(name)) throw new RangeError(`A seed file cannot be named "${name}": 1 to 60 letters, digits, ".", "_" and "-" are possible.`);
    const content = Buffer.from(files[name] ?? "", "utf8");
    const here = sector;
    sector += sectorsOf(content);
    return { name, plainName: `${name.replaceAll(/[^A-Za-z0-9]/g, "_").toUpperCase().slice(0, 5)}${String(index).padStart(3, "0")}.;1`, content, sector: here };
  });
  if ((sector - SECTORS.files) * SECTOR > LARGEST_SEED_BYTES) throw new RangeError(`The seed's files are larger than ${LARGEST_SEED_BYTES / 1024 / 1024} MiB together.`);
  // ECMA-119 9.3: records stand in the order of their identifiers.
  return placed.toSorted((a, b) => (a.plainName < b.plainName ? -1 : 1));
}

/** A 16-bit and a 32-bit number in both byte orders, one after the other (ECMA-119 7.2.3 and 7.3.3). */
function both16(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt16LE(value, 0);
  bytes.writeUInt16BE(value, 2);
  return bytes;
}
function both32(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt32LE(value, 0);
  bytes.writeUInt32BE(value, 4);
  return bytes;
}

/** UCS-2 with the high byte first, as Joliet has all its texts. */
function wide(text: string): Buffer {
  return Buffer.from(text, "utf16le").swap16();
}

function descriptor(kind: "primary" | "joliet", sectors: number): Buffer {
  const joliet = kind === "joliet";
  const bytes = Buffer.alloc(SECTOR);
  const text = (offset: number, length: number, value: string) => {
    const blank = joliet ? wide(" ".repeat(length / 2)) : Buffer.alloc(length, " ");
    blank.copy(bytes, offset, 0, length - (length % 2 && joliet ? 1 : 0));
    (joliet ? wide(value) : Buffer.from(value, "latin1")).copy(bytes, offset);
  };
  bytes.writeUInt8(joliet ? 2 : 1, 0);
  bytes.write("CD001", 1, "latin1");
  bytes.writeUInt8(1, 6);
  text(8, 32, "LINUX");
  text(40, 32, LABEL);
  both32(sectors).copy(bytes, 80);
  // The escape sequence of UCS-2 level 3, by which readers know a Joliet volume.
  if (joliet) bytes.write("%/E", 88, "latin1");
  both16(1).copy(bytes, 120);
  both16(1).copy(bytes, 124);
  both16(SECTOR).copy(bytes, 128);
  both32(pathTable(0, "little").length).copy(bytes, 132);
  bytes.writeUInt32LE(joliet ? SECTORS.jolietPaths : SECTORS.paths, 140);
  bytes.writeUInt32BE(joliet ? SECTORS.jolietPathsBig : SECTORS.pathsBig, 148);
  record({ identifier: Buffer.from([0]), sector: joliet ? SECTORS.jolietRoot : SECTORS.root, size: SECTOR, isFolder: true }).copy(bytes, 156);
  for (const offset of [190, 318, 446, 574]) text(offset, 128, "");
  for (const offset of [702, 739, 776]) text(offset, 37, "");
  // "Not specified" for the four dates: sixteen zeros as digits and a zero byte.
  for (const offset of [813, 830, 847, 864]) bytes.write("0".repeat(16), offset, "latin1");
  bytes.writeUInt8(1, 881);
  return bytes;
}

/** The root folder alone: this image has no other. */
function pathTable(sector: number, order: "little" | "big"): Buffer {
  const bytes = Buffer.alloc(10);
  bytes.writeUInt8(1, 0);
  if (order === "little") {
    bytes.writeUInt32LE(sector, 2);
    bytes.writeUInt16LE(1, 6);
  } else {
    bytes.writeUInt32BE(sector, 2);
    bytes.writeUInt16BE(1, 6);
  }
  return bytes;
}

function record(entry: { readonly identifier: Buffer; readonly sector: number; readonly size: number; readonly isFolder: boolean; readonly systemUse?: Buffer }): Buffer {
  const padding = Buffer.alloc(entry.identifier.length % 2 === 0 ? 1 : 0);
  const tail = Buffer.concat([entry.identifier, padding, entry.systemUse ?? Buffer.alloc(0)]);
  const length = 33 + tail.length + (tail.length % 2 === 0 ? 1 : 0);
  // 1 January 2000: readers want a date, and the same input must give the same bytes.
  const date = Buffer.from([100, 1, 1, 0, 0, 0, 0]);
  const head = Buffer.concat([Buffer.from([length, 0]), both32(entry.sector), both32(entry.size), date, Buffer.from([entry.isFolder ? 2 : 0, 0, 0]), both16(1), Buffer.from([entry.identifier.length])]);
  return Buffer.concat([head, tail], length);
}

function folder(self: number, files: readonly Placed[], kind: "primary" | "joliet"): Buffer {
  const rockRidge = kind === "primary";
  const own = (identifier: number, systemUse: Buffer) => record({ identifier: Buffer.from([identifier]), sector: self, size: SECTOR, isFolder: true, systemUse: rockRidge ? systemUse : Buffer.alloc(0) });
  const ordered = rockRidge ? files : files.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const records = [
    own(0, Buffer.concat([sharingProtocol(), posix(0o040555, 2), extensionReference()])),
    own(1, posix(0o040555, 2)),
    ...ordered.map((file) =>
      record({
        identifier: rockRidge ? Buffer.from(file.plainName, "latin1") : wide(file.name),
        sector: file.sector,
        size: file.content.length,
        isFolder: false,
        systemUse: rockRidge ? Buffer.concat([posix(0o100444, 1), alternateName(file.name)]) : Buffer.alloc(0),
      }),
    ),
  ];
  const bytes = Buffer.concat(records);
  if (bytes.length > SECTOR) throw new RangeError(`A seed holds a dozen files; ${files.length} with these names are too many.`);
  return bytes;
}

/** System use entries: SUSP (SP, ER) and Rock Ridge (PX, NM), IEEE P1281 and P1282. */
function sharingProtocol(): Buffer {
  return Buffer.from([0x53, 0x50, 7, 1, 0xbe, 0xef, 0]);
}
function extensionReference(): Buffer {
  const name = Buffer.from("RRIP_1991A", "latin1");
  return Buffer.concat([Buffer.from([0x45, 0x52, 8 + name.length, 1, name.length, 0, 0, 1]), name]);
}
function posix(mode: number, links: number): Buffer {
  return Buffer.concat([Buffer.from([0x50, 0x58, 36, 1]), both32(mode), both32(links), both32(0), both32(0)]);
}
function alternateName(name: string): Buffer {
  return Buffer.concat([Buffer.from([0x4e, 0x4d, 5 + name.length, 1, 0]), Buffer.from(name, "latin1")]);
}
