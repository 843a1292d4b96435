import { ByteQueue } from "./byte-queue";
import { directLine, gatewayLine, type ScreenEnd, type ScreenLine } from "./screen-line";

/** One whole picture of a screen. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  /** Points one after the other, four bytes each, as the screen's own format has them. */
  readonly points: Buffer;
}

const RAW_ENCODING = 0;
const SHIFT = 0xff_e1;
const RETURN = 0xff_0d;
/** What an American keyboard has above its keys. */
const SHIFTED = /[A-Z~!@#$%^&*()_+{}|:"<>?]/;

/** A screen as a viewer has it (RFB 3.8, RFC 6143, raw encoding): looks, and types. */
export class ScreenClient {
  private readonly queue = new ByteQueue();
  private width = 0;
  private height = 0;
  private bytesPerPoint = 4;
  private ended: ScreenEnd | null = null;
  private readonly whenEnded: Promise<ScreenEnd>;
  /** The screen as it was last seen. */
  private seen = Buffer.alloc(0);

  private constructor(private readonly line: ScreenLine) {
    this.whenEnded = new Promise((resolve) => {
      line.listen({
        data: (bytes) => this.queue.push(bytes),
        failed: (error) => this.queue.end(error),
        ended: (end) => {
          this.ended = end;
          this.queue.end(new Error(`The console was closed: ${end.code} ${end.reason}`));
          resolve(end);
        },
      });
    });
  }

  /** Opens a console ticket's address as a browser would. @throws Error when the gateway refuses, or the screen did not greet within `timeoutMs`. */
  static open(url: string, origin: string, timeoutMs: number): Promise<ScreenClient> {
    return ScreenClient.over(gatewayLine(url, origin), timeoutMs);
  }

  /** Without the gateway, to the machine's own screen: for comparing, from where it can be reached. */
  static direct(host: string, port: number, timeoutMs: number): Promise<ScreenClient> {
    return ScreenClient.over(directLine(host, port), timeoutMs);
  }

  private static async over(line: ScreenLine, timeoutMs: number): Promise<ScreenClient> {
    const client = new ScreenClient(line);
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
    this.ask(false);
    return this.bounded("No whole picture came", timeoutMs, () => this.readPicture());
  }

  /** Presses one key and answers the milliseconds until at least `points` points of the screen have changed: a letter, and not a blink of the cursor. */
  async keyToPixel(letter: string, points: number, timeoutMs = 20_000): Promise<number> {
    const before = Buffer.from(this.seen);
    this.ask(true);
    const pressed = performance.now();
    this.type(letter);
    return this.bounded("The screen did not change", timeoutMs, async () => {
      for (;;) {
        await this.readUpdate();
        if (countDiffering(before, this.seen) >= points) return performance.now() - pressed;
        this.ask(true);
      }
    });
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
    this.line.close();
  }

  private key(symbol: number, down: boolean): void {
    const message = Buffer.from([4, down ? 1 : 0, 0, 0, 0, 0, 0, 0]);
    message.writeUInt32BE(symbol, 4);
    this.line.send(message);
  }

  private async greet(): Promise<void> {
    const { queue, line } = this;
    await queue.read(12);
    line.send(Buffer.from("RFB 003.008\n"));
    const [kinds = 0] = await queue.read(1);
    if (kinds === 0) throw new Error("The screen refused the connection.");
    const offered = await queue.read(kinds);
    if (!offered.includes(1)) throw new Error("The screen asks for a password that a ticket should have made needless.");
    line.send(Buffer.from([1]));
    if ((await queue.read(4)).readUInt32BE(0) !== 0) throw new Error("The screen refused the connection.");
    line.send(Buffer.from([1]));
    const init = await queue.read(24);
    this.width = init.readUInt16BE(0);
    this.height = init.readUInt16BE(2);
    this.bytesPerPoint = (init[4] ?? 32) / 8;
    this.seen = Buffer.alloc(this.width * this.height * this.bytesPerPoint);
    await queue.read(init.readUInt32BE(20));
    line.send(Buffer.from([2, 0, 0, 1, 0, 0, 0, RAW_ENCODING]));
  }

  private ask(onlyChanges: boolean): void {
    const request = Buffer.from([3, onlyChanges ? 1 : 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    request.writeUInt16BE(this.width, 6);
    request.writeUInt16BE(this.height, 8);
    this.line.send(request);
  }

  private async readPicture(): Promise<Picture> {
    const { width, height } = this;
    let received = 0;
    while (received < this.seen.length) received += await this.readUpdate();
    return { width, height, points: Buffer.from(this.seen) };
  }

  /** Reads up to the next update of the screen and takes it over; answers its bytes. */
  private async readUpdate(): Promise<number> {
    const { queue, width, bytesPerPoint, seen } = this;
    for (;;) {
      const [type] = await queue.read(1);
      if (type === 2) continue;
      if (type === 3) {
        await queue.read((await queue.read(7)).readUInt32BE(3));
        continue;
      }
      if (type !== 0) throw new Error(`The screen sent message ${type} where a picture was due.`);
      let received = 0;
      const rectangles = (await queue.read(3)).readUInt16BE(1);
      for (let index = 0; index < rectangles; index++) {
        const head = await queue.read(12);
        const [x, y, columns, rows] = [head.readUInt16BE(0), head.readUInt16BE(2), head.readUInt16BE(4), head.readUInt16BE(6)];
        const part = await queue.read(columns * rows * bytesPerPoint);
        for (let row = 0; row < rows; row++) part.copy(seen, ((y + row) * width + x) * bytesPerPoint, row * columns * bytesPerPoint, (row + 1) * columns * bytesPerPoint);
        received += part.length;
      }
      return received;
    }
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
  return countDiffering(a.points, b.points);
}

function countDiffering(a: Buffer, b: Buffer): number {
  let differing = 0;
  for (let at = 0; at + 4 <= a.length; at += 4) if (a.readUInt32LE(at) !== b.readUInt32LE(at)) differing += 1;
  return differing;
}
