import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { encodeFrame, type Frame, FrameError, FrameSplitter, MAX_FRAME_BYTES, MESSAGE_STATUS, MESSAGE_TYPE, PROGRAM } from "@/server/drivers/hypervisor/libvirt/rpc/frame";

const header = (serial: number): Frame["header"] => ({ program: PROGRAM.remote, version: 1, procedure: 344, type: MESSAGE_TYPE.reply, serial, status: MESSAGE_STATUS.ok });

function feed(chunks: readonly Buffer[]): Frame[] {
  const splitter = new FrameSplitter();
  return chunks.flatMap((chunk) => splitter.push(chunk));
}

describe("framing", () => {
  it("does not care where the stream is cut", () => {
    const bodies = [Buffer.alloc(0), Buffer.from("one"), Buffer.alloc(100, 7)];
    const stream = Buffer.concat(bodies.map((body, serial) => encodeFrame(header(serial), body)));
    for (let at = 0; at <= stream.length; at += 1) {
      const frames = feed([stream.subarray(0, at), stream.subarray(at)]);
      expect(frames.map((frame) => frame.header.serial)).toEqual([0, 1, 2]);
      expect(frames.map((frame) => frame.body)).toEqual(bodies);
    }
    expect(feed(Array.from(stream, (byte) => Buffer.from([byte]))).map((frame) => frame.body)).toEqual(bodies);
  });

  it("holds for any bodies and any cuts", () => {
    fc.assert(fc.property(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 8 }), fc.array(fc.nat(1500), { maxLength: 12 }), (bodies, cuts) => {
      const stream = Buffer.concat(bodies.map((body, serial) => encodeFrame(header(serial), body)));
      const places = [0, ...cuts.map((cut) => Math.min(cut, stream.length)).sort((a, b) => a - b), stream.length];
      const frames = feed(places.slice(1).map((end, index) => stream.subarray(places[index], end)));
      expect(frames.map((frame) => Array.from(frame.body))).toEqual(bodies.map((body) => Array.from(body)));
      expect(frames.map((frame) => frame.header)).toEqual(bodies.map((_, serial) => header(serial)));
    }));
  });

  it("gives up on what cannot be libvirt's protocol", () => {
    for (const length of [0, 27, MAX_FRAME_BYTES + 1, 0x48545450]) {
      const bytes = Buffer.alloc(4);
      bytes.writeUInt32BE(length);
      expect(() => new FrameSplitter().push(bytes)).toThrow(FrameError);
    }
    expect(() => encodeFrame(header(1), Buffer.alloc(MAX_FRAME_BYTES))).toThrow(FrameError);
  });
});
