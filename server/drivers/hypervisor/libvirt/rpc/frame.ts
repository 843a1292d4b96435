/**
 * Framing of libvirt's RPC: a big-endian length that includes itself, a header of six words, then the body.
 */
export const MESSAGE_TYPE = { call: 0, reply: 1, event: 2, stream: 3, streamHole: 6 } as const;
export const MESSAGE_STATUS = { ok: 0, error: 1, continue: 2 } as const;

export const PROGRAM = {
  /** Everything of the public interface. */
  remote: 0x20008086,
  /** What only QEMU has; the guest agent. */
  qemu: 0x20008087,
  keepalive: 0x6b656570,
} as const;

export interface FrameHeader {
  readonly program: number;
  readonly version: number;
  readonly procedure: number;
  readonly type: number;
  readonly serial: number;
  readonly status: number;
}

export interface Frame {
  readonly header: FrameHeader;
  readonly body: Buffer;
}

const LENGTH_BYTES = 4;
const HEADER_BYTES = 24;
/** The protocol's own ceiling for one message with its length word, bytes. */
export const MAX_FRAME_BYTES = 33_554_432 + LENGTH_BYTES;

export class FrameError extends Error {
  override readonly name = "FrameError";
}

export function encodeFrame(header: FrameHeader, body: Uint8Array): Buffer {
  const total = LENGTH_BYTES + HEADER_BYTES + body.length;
  if (total > MAX_FRAME_BYTES) throw new FrameError(`a message of ${total} bytes is longer than the protocol's ${MAX_FRAME_BYTES}`);
  const frame = Buffer.allocUnsafe(total);
  frame.writeUInt32BE(total, 0);
  frame.writeUInt32BE(header.program, 4);
  frame.writeUInt32BE(header.version, 8);
  frame.writeInt32BE(header.procedure, 12);
  frame.writeUInt32BE(header.type, 16);
  frame.writeUInt32BE(header.serial, 20);
  frame.writeUInt32BE(header.status, 24);
  frame.set(body, LENGTH_BYTES + HEADER_BYTES);
  return frame;
}

function parseFrame(bytes: Buffer): Frame {
  return {
    header: {
      program: bytes.readUInt32BE(4),
      version: bytes.readUInt32BE(8),
      procedure: bytes.readInt32BE(12),
      type: bytes.readUInt32BE(16),
      serial: bytes.readUInt32BE(20),
      status: bytes.readUInt32BE(24),
    },
    body: bytes.subarray(LENGTH_BYTES + HEADER_BYTES),
  };
}

/** Cuts a byte stream into frames, however the bytes arrive. */
export class FrameSplitter {
  private chunks: Buffer[] = [];
  private buffered = 0;
  private wanted = LENGTH_BYTES;

  push(chunk: Buffer): Frame[] {
    this.chunks.push(chunk);
    this.buffered += chunk.length;
    const frames: Frame[] = [];
    // Chunks are joined only once a whole length or a whole frame is there, so a large frame that arrives
    // in many pieces is copied once.
    while (this.buffered >= this.wanted) {
      const bytes = this.chunks.length === 1 && this.chunks[0] !== undefined ? this.chunks[0] : Buffer.concat(this.chunks);
      const total = bytes.readUInt32BE(0);
      if (total < LENGTH_BYTES + HEADER_BYTES || total > MAX_FRAME_BYTES) {
        throw new FrameError(`the peer announced a message of ${total} bytes: this is not libvirt's protocol`);
      }
      if (this.buffered < total) {
        this.chunks = [bytes];
        this.wanted = total;
        break;
      }
      frames.push(parseFrame(bytes.subarray(0, total)));
      const rest = bytes.subarray(total);
      this.chunks = rest.length > 0 ? [rest] : [];
      this.buffered = rest.length;
      this.wanted = LENGTH_BYTES;
    }
    return frames;
  }
}
