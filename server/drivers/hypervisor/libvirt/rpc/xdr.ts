/**
 * XDR (RFC 4506), as far as libvirt's protocol uses it. A `Codec` writes one type and reads it back; composed
 * codecs describe the whole message, so that a structure is declared once and typed by inference.
 */
export interface Codec<T> {
  write(writer: XdrWriter, value: T): void;
  read(reader: XdrReader): T;
}

/** The bytes do not have the declared layout: a protocol fault of the other side, or a wrong declaration of ours. */
export class XdrError extends Error {
  override readonly name = "XdrError";
}

/** Longest text that libvirt itself sends or accepts, bytes (REMOTE_STRING_MAX of the protocol). */
export const MAX_STRING_BYTES = 4_194_304;

const paddingOf = (length: number): number => (4 - (length % 4)) % 4;

export class XdrWriter {
  private buffer: Buffer;
  private length = 0;

  constructor(initialBytes = 256) {
    this.buffer = Buffer.alloc(initialBytes);
  }

  /** May replace the buffer: reserve first, then write into `this.buffer`. */
  private reserve(bytes: number): number {
    const start = this.length;
    this.length += bytes;
    if (this.length > this.buffer.length) {
      const grown = Buffer.alloc(Math.max(this.length, this.buffer.length * 2));
      this.buffer.copy(grown, 0, 0, start);
      this.buffer = grown;
    }
    return start;
  }

  int(value: number): void {
    const at = this.reserve(4);
    this.buffer.writeInt32BE(value, at);
  }

  uint(value: number): void {
    const at = this.reserve(4);
    this.buffer.writeUInt32BE(value, at);
  }

  hyper(value: bigint): void {
    const at = this.reserve(8);
    this.buffer.writeBigInt64BE(value, at);
  }

  uhyper(value: bigint): void {
    const at = this.reserve(8);
    this.buffer.writeBigUInt64BE(value, at);
  }

  double(value: number): void {
    const at = this.reserve(8);
    this.buffer.writeDoubleBE(value, at);
  }

  /** Bytes of a length known to both sides, padded to four with zeros. */
  fixed(value: Uint8Array): void {
    const start = this.reserve(value.length + paddingOf(value.length));
    this.buffer.set(value, start);
    this.buffer.fill(0, start + value.length, this.length);
  }

  opaque(value: Uint8Array): void {
    this.uint(value.length);
    this.fixed(value);
  }

  bytes(): Buffer {
    return this.buffer.subarray(0, this.length);
  }
}

export class XdrReader {
  private offset = 0;

  constructor(private readonly buffer: Buffer) {}

  get remaining(): number {
    return this.buffer.length - this.offset;
  }

  private take(bytes: number): number {
    if (bytes > this.remaining) {
      throw new XdrError(`the message ends ${bytes - this.remaining} bytes too early (at byte ${this.offset} of ${this.buffer.length})`);
    }
    const start = this.offset;
    this.offset += bytes;
    return start;
  }

  int(): number {
    return this.buffer.readInt32BE(this.take(4));
  }

  uint(): number {
    return this.buffer.readUInt32BE(this.take(4));
  }

  hyper(): bigint {
    return this.buffer.readBigInt64BE(this.take(8));
  }

  uhyper(): bigint {
    return this.buffer.readBigUInt64BE(this.take(8));
  }

  double(): number {
    return this.buffer.readDoubleBE(this.take(8));
  }

  fixed(length: number): Buffer {
    const start = this.take(length + paddingOf(length));
    return this.buffer.subarray(start, start + length);
  }

  opaque(maxBytes: number): Buffer {
    const length = this.uint();
    if (length > maxBytes) throw new XdrError(`${length} bytes announced where at most ${maxBytes} are allowed`);
    return this.fixed(length);
  }
}

export const nothing: Codec<void> = { write: () => undefined, read: () => undefined };

export const int: Codec<number> = { write: (w, v) => w.int(v), read: (r) => r.int() };
export const uint: Codec<number> = { write: (w, v) => w.uint(v), read: (r) => r.uint() };
export const hyper: Codec<bigint> = { write: (w, v) => w.hyper(v), read: (r) => r.hyper() };
export const uhyper: Codec<bigint> = { write: (w, v) => w.uhyper(v), read: (r) => r.uhyper() };
export const double: Codec<number> = { write: (w, v) => w.double(v), read: (r) => r.double() };
/** libvirt declares truth values as plain integers: anything but zero is true. */
export const bool: Codec<boolean> = { write: (w, v) => w.int(v ? 1 : 0), read: (r) => r.int() !== 0 };

export const string: Codec<string> = {
  write(writer, value) {
    const bytes = Buffer.from(value, "utf8");
    if (bytes.length > MAX_STRING_BYTES) throw new XdrError(`a text of ${bytes.length} bytes is longer than the protocol's ${MAX_STRING_BYTES}`);
    writer.opaque(bytes);
  },
  read: (reader) => reader.opaque(MAX_STRING_BYTES).toString("utf8"),
};

export function opaque(maxBytes: number): Codec<Buffer> {
  return { write: (w, v) => w.opaque(v), read: (r) => Buffer.from(r.opaque(maxBytes)) };
}

/** Exactly `length` bytes; writing any other length is refused. */
export function fixedOpaque(length: number): Codec<Buffer> {
  return {
    write(writer, value) {
      if (value.length !== length) throw new XdrError(`${value.length} bytes given where exactly ${length} are declared`);
      writer.fixed(value);
    },
    read: (reader) => Buffer.from(reader.fixed(length)),
  };
}

/** A pointer that may be null: a flag, then the value. */
export function optional<T>(inner: Codec<T>): Codec<T | null> {
  return {
    write(writer, value) {
      writer.int(value === null ? 0 : 1);
      if (value !== null) inner.write(writer, value);
    },
    read: (reader) => (reader.int() === 0 ? null : inner.read(reader)),
  };
}

export function array<T>(inner: Codec<T>, maxItems: number): Codec<readonly T[]> {
  return {
    write(writer, values) {
      if (values.length > maxItems) throw new XdrError(`${values.length} items given where at most ${maxItems} are allowed`);
      writer.uint(values.length);
      for (const value of values) inner.write(writer, value);
    },
    read(reader) {
      const length = reader.uint();
      if (length > maxItems) throw new XdrError(`${length} items announced where at most ${maxItems} are allowed`);
      // No allocation by the announced length: a lying peer must pay with bytes.
      const values: T[] = [];
      for (let i = 0; i < length; i += 1) values.push(inner.read(reader));
      return values;
    },
  };
}

/** C character arrays of fixed length travel as one XDR integer per character, ended by a zero. */
export function charArray(length: number): Codec<string> {
  return {
    write(writer, value) {
      for (let i = 0; i < length; i += 1) writer.int(i < value.length ? value.charCodeAt(i) : 0);
    },
    read(reader) {
      let text = "";
      let ended = false;
      for (let i = 0; i < length; i += 1) {
        const code = reader.int() & 0xff;
        if (code === 0) ended = true;
        if (!ended) text += String.fromCharCode(code);
      }
      return text;
    },
  };
}

/** Fields in the order of declaration. */
export function struct<T extends object>(fields: { readonly [K in keyof T]: Codec<T[K]> }): Codec<T> {
  const names = Object.keys(fields) as (keyof T)[];
  return {
    write(writer, value) {
      for (const name of names) fields[name].write(writer, value[name]);
    },
    read(reader) {
      const value: Partial<T> = {};
      for (const name of names) value[name] = fields[name].read(reader);
      return value as T;
    },
  };
}

export function encode<T>(codec: Codec<T>, value: T): Buffer {
  const writer = new XdrWriter();
  codec.write(writer, value);
  return writer.bytes();
}

/** Decodes and insists that nothing is left over: a rest means that the declaration is wrong. */
export function decode<T>(codec: Codec<T>, bytes: Buffer): T {
  const reader = new XdrReader(bytes);
  const value = codec.read(reader);
  if (reader.remaining !== 0) throw new XdrError(`${reader.remaining} bytes are left over after the message`);
  return value;
}
