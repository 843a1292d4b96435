import type { Duplex } from "node:stream";

/** Reads exact numbers of bytes from a stream during a handshake; what is left over afterwards is given back. */
export class ByteReader {
  private buffered: Buffer = Buffer.alloc(0);
  private wanted = 0;
  private resolve: (() => void) | null = null;
  private reject: ((error: Error) => void) | null = null;
  private ended: Error | null = null;

  constructor(private readonly maxBytes: number) {}

  /** Feeds a stream's data in; returns the way to stop. */
  attach(stream: Duplex): () => void {
    const onData = (chunk: Buffer): void => this.push(chunk);
    const onEnd = (): void => this.fail(new Error("the connection was closed during the handshake"));
    stream.on("data", onData).on("end", onEnd).on("close", onEnd).on("error", onEnd);
    return () => {
      stream.pause();
      stream.off("data", onData).off("end", onEnd).off("close", onEnd).off("error", onEnd);
    };
  }

  push(chunk: Buffer): void {
    this.buffered = this.buffered.length === 0 ? chunk : Buffer.concat([this.buffered, chunk]);
    if (this.buffered.length > this.maxBytes) this.fail(new Error("too much was sent during the handshake"));
    else if (this.resolve && this.buffered.length >= this.wanted) this.resolve();
  }

  fail(error: Error): void {
    this.ended ??= error;
    this.reject?.(this.ended);
  }

  async read(bytes: number): Promise<Buffer> {
    if (this.buffered.length < bytes) {
      if (this.ended) throw this.ended;
      this.wanted = bytes;
      await new Promise<void>((resolve, reject) => {
        this.resolve = resolve;
        this.reject = reject;
      }).finally(() => {
        this.resolve = null;
        this.reject = null;
      });
    }
    const result = this.buffered.subarray(0, bytes);
    this.buffered = this.buffered.subarray(bytes);
    return result;
  }

  /** What arrived beyond the handshake. */
  rest(): Buffer {
    const rest = this.buffered;
    this.buffered = Buffer.alloc(0);
    return rest;
  }
}
