import type { Socket } from "node:net";
import type { Run } from "./text-screen";
import { CELL_HEIGHT, ROWS, SCREEN_HEIGHT, SCREEN_WIDTH, TextScreen } from "./text-screen";

export const BACKGROUND = [12, 18, 32] as const;
export const FOREGROUND = [210, 226, 240] as const;
const ENCODING_RAW = 0;
const ENCODING_RRE = 2;
/** More than any message we take can be; a peer that sends more is not a VNC client. */
const MAX_PENDING_BYTES = 1_048_576;

interface PixelFormat {
  readonly bytes: number;
  readonly bigEndian: boolean;
  readonly max: readonly [number, number, number];
  readonly shift: readonly [number, number, number];
}

/** 32 bits a pixel, 8 a colour, blue lowest: what we announce. */
const OWN_FORMAT: PixelFormat = { bytes: 4, bigEndian: false, max: [255, 255, 255], shift: [16, 8, 0] };

/** One viewer of a text screen: the server side of RFB 3.8 (RFC 6143) without authentication, on loopback. */
export class RfbViewer {
  private pending = Buffer.alloc(0);
  private stage: "version" | "security" | "init" | "messages" = "version";
  private format = OWN_FORMAT;
  private encoding = ENCODING_RAW;
  private shown = 0;
  private wanted = false;

  constructor(
    private readonly socket: Socket,
    private readonly screen: TextScreen,
    private readonly name: string,
    private readonly onKeys: (text: string) => void,
  ) {
    socket.setNoDelay(true);
    socket.on("data", (chunk: Buffer) => this.receive(chunk));
    socket.write("RFB 003.008\n");
  }

  /** Sends what changed, if the viewer asked for it and takes it. */
  refresh(): void {
    if (!this.wanted || this.stage !== "messages" || this.socket.destroyed) return;
    const rows = this.shown === 0 ? Array.from({ length: ROWS }, (_, index) => index) : this.screen.changedSince(this.shown);
    if (rows.length === 0) return;
    this.wanted = false;
    this.shown = this.screen.latest;
    const head = Buffer.alloc(4);
    head.writeUInt16BE(rows.length, 2);
    this.socket.write(Buffer.concat([head, ...rows.map((row) => this.encodeRow(row))]));
  }

  private receive(chunk: Buffer): void {
    this.pending = Buffer.concat([this.pending, chunk]);
    if (this.pending.length > MAX_PENDING_BYTES) {
      this.socket.destroy();
      return;
    }
    for (let used = this.step(); used > 0; used = this.step()) this.pending = this.pending.subarray(used);
  }

  /** Handles one message; returns its length, or 0 when it has not arrived in full. */
  private step(): number {
    const data = this.pending;
    switch (this.stage) {
      case "version":
        if (data.length < 12) return 0;
        this.stage = "security";
        this.socket.write(Buffer.from([1, 1]));
        return 12;
      case "security":
        if (data.length < 1) return 0;
        if (data[0] !== 1) {
          this.socket.destroy();
          return 0;
        }
        this.stage = "init";
        this.socket.write(Buffer.alloc(4));
        return 1;
      case "init":
        if (data.length < 1) return 0;
        this.stage = "messages";
        this.socket.write(this.serverInit());
        return 1;
      case "messages":
        return this.message(data);
    }
  }

  private message(data: Buffer): number {
    const kind = data[0];
    if (kind === undefined) return 0;
    switch (kind) {
      case 0:
        if (data.length < 20) return 0;
        this.format = readFormat(data.subarray(4, 20));
        this.shown = 0;
        return 20;
      case 2: {
        if (data.length < 4) return 0;
        const count = data.readUInt16BE(2);
        if (data.length < 4 + 4 * count) return 0;
        const offered = Array.from({ length: count }, (_, index) => data.readInt32BE(4 + 4 * index));
        this.encoding = offered.includes(ENCODING_RRE) ? ENCODING_RRE : ENCODING_RAW;
        return 4 + 4 * count;
      }
      case 3:
        if (data.length < 10) return 0;
        if (data[1] === 0) this.shown = 0;
        this.wanted = true;
        this.refresh();
        return 10;
      case 4:
        if (data.length < 8) return 0;
        if (data[1] === 1) this.onKeys(textOfKey(data.readUInt32BE(4)));
        return 8;
      case 5:
        return data.length < 6 ? 0 : 6;
      case 6: {
        if (data.length < 8) return 0;
        const length = 8 + Math.abs(data.readInt32BE(4));
        return data.length < length ? 0 : length;
      }
      default:
        this.socket.destroy();
        return 0;
    }
  }

  private serverInit(): Buffer {
    const name = Buffer.from(this.name, "utf8");
    const head = Buffer.alloc(24);
    head.writeUInt16BE(SCREEN_WIDTH, 0);
    head.writeUInt16BE(SCREEN_HEIGHT, 2);
    head.set([32, 24, 0, 1], 4);
    head.writeUInt16BE(255, 8);
    head.writeUInt16BE(255, 10);
    head.writeUInt16BE(255, 12);
    head.set([16, 8, 0], 14);
    head.writeUInt32BE(name.length, 20);
    return Buffer.concat([head, name]);
  }

  private encodeRow(row: number): Buffer {
    const head = Buffer.alloc(12);
    head.writeUInt16BE(row * CELL_HEIGHT, 2);
    head.writeUInt16BE(SCREEN_WIDTH, 4);
    head.writeUInt16BE(CELL_HEIGHT, 6);
    head.writeInt32BE(this.encoding, 8);
    const runs = this.screen.runsOf(row);
    return Buffer.concat([head, this.encoding === ENCODING_RRE ? this.rre(runs) : this.raw(runs)]);
  }

  private rre(runs: readonly Run[]): Buffer {
    const { bytes } = this.format;
    const foreground = pixel(this.format, FOREGROUND);
    const size = bytes + 8;
    const body = Buffer.alloc(4 + bytes + runs.length * size);
    body.writeUInt32BE(runs.length, 0);
    pixel(this.format, BACKGROUND).copy(body, 4);
    runs.forEach((run, index) => {
      const at = 4 + bytes + index * size;
      foreground.copy(body, at);
      body.writeUInt16BE(run.x, at + bytes);
      body.writeUInt16BE(run.y, at + bytes + 2);
      body.writeUInt16BE(run.width, at + bytes + 4);
      body.writeUInt16BE(run.height, at + bytes + 6);
    });
    return body;
  }

  private raw(runs: readonly Run[]): Buffer {
    const { bytes } = this.format;
    const body = Buffer.alloc(SCREEN_WIDTH * CELL_HEIGHT * bytes, pixel(this.format, BACKGROUND));
    const foreground = pixel(this.format, FOREGROUND);
    for (const run of runs) {
      for (let y = run.y; y < run.y + run.height; y++) {
        const at = (y * SCREEN_WIDTH + run.x) * bytes;
        body.fill(foreground, at, at + run.width * bytes);
      }
    }
    return body;
  }
}

function readFormat(data: Buffer): PixelFormat {
  return {
    bytes: Math.max(1, Math.min(4, (data[0] ?? 32) / 8)),
    bigEndian: data[2] === 1,
    max: [data.readUInt16BE(4), data.readUInt16BE(6), data.readUInt16BE(8)],
    shift: [data[10] ?? 0, data[11] ?? 0, data[12] ?? 0],
  };
}

function pixel(format: PixelFormat, colour: readonly [number, number, number]): Buffer {
  let value = 0;
  for (const index of [0, 1, 2] as const) value += Math.round((colour[index] / 255) * format.max[index]) * 2 ** format.shift[index];
  const buffer = Buffer.alloc(format.bytes);
  if (format.bigEndian) buffer.writeUIntBE(value, 0, format.bytes);
  else buffer.writeUIntLE(value, 0, format.bytes);
  return buffer;
}

/** X11 key symbols to what a console reads; keys without a letter give nothing. */
function textOfKey(symbol: number): string {
  if (symbol === 0xff0d || symbol === 0xff8d) return "\r";
  if (symbol === 0xff08) return "\u007f";
  return symbol >= 0x20 && symbol <= 0x7e ? String.fromCharCode(symbol) : "";
}
