import WebSocket from "ws";
import { ByteQueue } from "./byte-queue";

/** One whole picture of a screen. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  /** Points one after the other, four bytes each, as the screen's own format has them. */
  readonly points: Buffer;
}

export interface ScreenEnd {
  readonly code: number;
  readonly reason: string;
}

const RAW_ENCODING = 0;
const SHIFT = 0xff_e1;
const RETURN = 0xff_0d;
/** What an American keyboard has above its keys. */
const SHIFTED = /[A-Z~!@#$%^&*()_+{}|:"<>?]/;

/** A console ticket's address opened as a browser would (RFB 3.8, RFC 6143, raw encoding): looks, and types. */
export class ScreenClient {
  private readonly queue = new ByteQueue();
  private width = 0;
  private height = 0;
  private bytesPerPoint = 4;
  private ended: ScreenEnd | null = null;
  private readonly whenEnded: Promise<ScreenEnd>;

  private constructor(private readonly socket: WebSocket) {
    socket.on("message", (data: Buffer) => this.queue.push(data));
    socket.on("error", (error) => this.queue.end(error));
    this.whenEnded = new Promise((resolve) => {
      socket.on("close", (code, reason) => {
        this.ended = { code, reason: reason.toString() };
        this.queue.end(new Error(`The gateway closed the console: ${code} ${reason.toString()}`));
        resolve(this.ended);
      });
    });
  }

  /** @throws Error when the gateway refuses, or the screen did not greet within `timeoutMs`. */
  static async open(url: string, origin: string, timeoutMs: number): Promise<ScreenClient> {
    const client = new ScreenClient(new WebSocket(url, ["binary"], { origin }));
    try {
      await client.bounded("The screen did not greet", timeoutMs, () => client.greet());
    } catch (error) {
      client.close();
      throw error;
    }
    return client;
  }

  /** Null while it is open. */
  get end(): ScreenEnd | null {
    return this.ended;
  }

  /** How the gateway ended it. @throws Error when it is still open after `timeoutMs`. */
  async untilEnd(timeoutMs: number): Promise<ScreenEnd> {
    const late = new Promise<never>((_, reject) => setTimeout(() => reject(new Error(`The console was still open after ${timeoutMs / 1000} s.`)), timeoutMs).unref());
    return Promise.race([this.whenEnded, late]);
  }

  /** The whole screen as it is now. */
  look(timeoutMs = 20_000): Promise<Picture> {
    const request = Buffer.from([3, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    request.writeUInt16BE(this.width, 6);
    request.writeUInt16BE(this.height, 8);
    this.socket.send(request);
    return this.bounded("No whole picture came", timeoutMs, () => this.readPicture());
  }

  /** Presses the keys of a text; `\n` is Return. */
  type(text: string): void {
    for (const letter of text) {
      const symbol = letter === "\n" ? RETURN : letter.charCodeAt(0);
      if (SHIFTED.test(letter)) this.key(SHIFT, true);
      this.key(symbol, true);
      this.key(symbol, false);
      if (SHIFTED.test(letter)) this.key(SHIFT, false);
    }
  }

  close(): void {
    this.socket.close();
  }

  private key(symbol: number, down: boolean): void {
    const message = Buffer.from([4, down ? 1 : 0, 0, 0, 0, 0, 0, 0]);
    message.writeUInt32BE(symbol, 4);
    this.socket.send(message);
  }

  private async greet(): Promise<void> {
    const { queue, socket } = this;
    await queue.read(12);
    socket.send(Buffer.from("RFB 003.008\n"));
    const [kinds = 0] = await queue.read(1);
    if (kinds === 0) throw new Error("The screen refused the connection.");
    const offered = await queue.read(kinds);
    if (!offered.includes(1)) throw new Error("The screen asks for a password that a ticket should have made needless.");
    socket.send(Buffer.from([1]));
    if ((await queue.read(4)).readUInt32BE(0) !== 0) throw new Error("The screen refused the connection.");
    socket.send(Buffer.from([1]));
    const init = await queue.read(24);
    this.width = init.readUInt16BE(0);
    this.height = init.readUInt16BE(2);
    this.bytesPerPoint = (init[4] ?? 32) / 8;
    await queue.read(init.readUInt32BE(20));
    socket.send(Buffer.from([2, 0, 0, 1, 0, 0, 0, RAW_ENCODING]));
  }

  private async readPicture(): Promise<Picture> {
    const { queue, width, height, bytesPerPoint } = this;
    const points = Buffer.alloc(width * height * bytesPerPoint);
    let received = 0;
    while (received < points.length) {
      const [type] = await queue.read(1);
      if (type === 2) continue;
      if (type === 3) {
        await queue.read((await queue.read(7)).readUInt32BE(3));
        continue;
      }
      if (type !== 0) throw new Error(`The screen sent message ${type} where a picture was due.`);
      const rectangles = (await queue.read(3)).readUInt16BE(1);
      for (let index = 0; index < rectangles; index++) {
        const head = await queue.read(12);
        const [x, y, columns, rows] = [head.readUInt16BE(0), head.readUInt16BE(2), head.readUInt16BE(4), head.readUInt16BE(6)];
        const part = await queue.read(columns * rows * bytesPerPoint);
        for (let row = 0; row < rows; row++) part.copy(points, ((y + row) * width + x) * bytesPerPoint, row * columns * bytesPerPoint, (row + 1) * columns * bytesPerPoint);
        received += part.length;
      }
    }
    return { width, height, points };
  }

  private async bounded<T>(what: string, timeoutMs: number, work: () => Promise<T>): Promise<T> {
    const timer = setTimeout(() => this.queue.end(new Error(`${what} within ${timeoutMs / 1000} s.`)), timeoutMs);
    try {
      return await work();
    } finally {
      clearTimeout(timer);
    }
  }
}

/** How many different points a picture shows; one means an empty screen. */
export function coloursOf({ points }: Picture): number {
  const colours = new Set<number>();
  for (let at = 0; at + 4 <= points.length; at += 4) colours.add(points.readUInt32LE(at));
  return colours.size;
}

/** How many points differ; all of them when the sizes do. */
export function differingPoints(a: Picture, b: Picture): number {
  if (a.width !== b.width || a.height !== b.height) return Math.max(a.width * a.height, b.width * b.height);
  let differing = 0;
  for (let at = 0; at + 4 <= a.points.length; at += 4) if (a.points.readUInt32LE(at) !== b.points.readUInt32LE(at)) differing += 1;
  return differing;
}
