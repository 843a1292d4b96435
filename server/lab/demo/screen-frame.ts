import WebSocket from "ws";

export interface Frame {
  readonly width: number;
  readonly height: number;
  /** How many different pixel values the frame shows; one means an empty screen. */
  readonly colours: number;
  readonly bytes: number;
}

/** Reads a byte stream that arrives in messages of any size. */
class Reader {
  private buffer = Buffer.alloc(0);
  private waiting: { need: number; give: (bytes: Buffer) => void } | null = null;
  private fail: ((error: Error) => void) | null = null;

  push(bytes: Buffer): void {
    this.buffer = Buffer.concat([this.buffer, bytes]);
    this.serve();
  }

  end(error: Error): void {
    this.fail?.(error);
  }

  read(need: number): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      this.waiting = { need, give: resolve };
      this.fail = reject;
      this.serve();
    });
  }

  private serve(): void {
    if (!this.waiting || this.buffer.length < this.waiting.need) return;
    const { need, give } = this.waiting;
    this.waiting = null;
    const bytes = this.buffer.subarray(0, need);
    this.buffer = this.buffer.subarray(need);
    give(bytes);
  }
}

const RAW_ENCODING = 0;

/**
 * Opens a console ticket's address as a browser would and asks for one whole frame (RFB 3.8, RFC 6143, raw encoding).
 * @throws Error when the gateway refuses, or no frame came within `timeoutMs`.
 */
export async function grabFrame(url: string, origin: string, timeoutMs: number): Promise<Frame> {
  const socket = new WebSocket(url, ["binary"], { origin });
  const reader = new Reader();
  const timer = setTimeout(() => reader.end(new Error(`No frame came within ${timeoutMs / 1000} s.`)), timeoutMs);
  socket.on("message", (data: Buffer) => reader.push(data));
  socket.on("close", (code, reason) => reader.end(new Error(`The gateway closed the console: ${code} ${reason.toString()}`)));
  socket.on("error", (error) => reader.end(error));
  try {
    await reader.read(12);
    socket.send(Buffer.from("RFB 003.008\n"));
    const [kinds = 0] = await reader.read(1);
    if (kinds === 0) throw new Error("The screen refused the connection.");
    const offered = await reader.read(kinds);
    if (!offered.includes(1)) throw new Error("The screen asks for a password that a ticket should have made needless.");
    socket.send(Buffer.from([1]));
    if ((await reader.read(4)).readUInt32BE(0) !== 0) throw new Error("The screen refused the connection.");
    socket.send(Buffer.from([1]));
    const init = await reader.read(24);
    const width = init.readUInt16BE(0);
    const height = init.readUInt16BE(2);
    const bytesPerPixel = (init[4] ?? 32) / 8;
    await reader.read(init.readUInt32BE(20));
    socket.send(Buffer.from([2, 0, 0, 1, 0, 0, 0, RAW_ENCODING]));
    const request = Buffer.from([3, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    request.writeUInt16BE(width, 6);
    request.writeUInt16BE(height, 8);
    socket.send(request);
    return await readFrame(reader, width, height, bytesPerPixel);
  } finally {
    clearTimeout(timer);
    socket.removeAllListeners("close");
    socket.close();
  }
}

async function readFrame(reader: Reader, width: number, height: number, bytesPerPixel: number): Promise<Frame> {
  const colours = new Set<string>();
  let bytes = 0;
  for (;;) {
    const [type] = await reader.read(1);
    if (type === 2) continue;
    if (type !== 0) throw new Error(`The screen sent message ${type} where a frame was due.`);
    const rectangles = (await reader.read(3)).readUInt16BE(1);
    for (let i = 0; i < rectangles; i++) {
      const head = await reader.read(12);
      const pixels = await reader.read(head.readUInt16BE(4) * head.readUInt16BE(6) * bytesPerPixel);
      bytes += pixels.length;
      for (let at = 0; at + bytesPerPixel <= pixels.length; at += bytesPerPixel) colours.add(pixels.toString("hex", at, at + bytesPerPixel));
    }
    if (bytes >= width * height * bytesPerPixel) return { width, height, colours: colours.size, bytes };
  }
}
