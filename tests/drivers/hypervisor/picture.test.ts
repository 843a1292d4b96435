import { deflateSync, inflateSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { fileToScreenshot, readPixmap, readPng, toPng, toScreenshot } from "@/server/drivers/hypervisor/picture";

const RED = [255, 0, 0];
const BLUE = [0, 0, 255];
const pixmap = (head: string, ...points: number[][]): Buffer => Buffer.concat([Buffer.from(head, "latin1"), Buffer.from(points.flat())]);

describe("the picture of a screen", () => {
  it("is read from a binary pixmap, comments and all, and written as a PNG with the same points", () => {
    const picture = readPixmap(pixmap("P6\n# made by QEMU\n2 2\n255\n", RED, BLUE, BLUE, RED));
    expect(picture).toMatchObject({ widthPixels: 2, heightPixels: 2 });
    const png = toPng(picture);
    expect(png.subarray(0, 8).toString("hex")).toBe("89504e470d0a1a0a");
    expect(png.subarray(12, 29).toString("hex")).toBe("49484452" + "00000002" + "00000002" + "0802000000");
    const length = png.readUInt32BE(33);
    expect(png.toString("latin1", 37, 41)).toBe("IDAT");
    expect([...inflateSync(png.subarray(41, 41 + length))]).toEqual([0, ...RED, ...BLUE, 0, ...BLUE, ...RED]);
    // The checksum of an empty IEND is a constant of the format.
    expect(png.subarray(-8).toString("hex")).toBe("49454e44ae426082");
  });

  it("is blank with one colour, and not with a single point of another", () => {
    expect(toScreenshot(readPixmap(pixmap("P6 2 1 255\n", BLUE, BLUE))).isBlank).toBe(true);
    expect(toScreenshot(readPixmap(pixmap("P6 2 1 255\n", BLUE, [0, 0, 254]))).isBlank).toBe(false);
  });

  it("is read back from a PNG, whatever filter each line has, and stays the file that it was", () => {
    const points = Buffer.from(Array.from({ length: 5 * 4 * 3 }, (_, index) => (index * 37 + (index % 7) * 11) % 256));
    const png = toPng({ widthPixels: 4, heightPixels: 5, rgb: points });
    expect(readPng(png)).toEqual({ widthPixels: 4, heightPixels: 5, rgb: points });
    expect(fileToScreenshot(png)).toEqual({ pngBase64: png.toString("base64"), widthPixels: 4, heightPixels: 5, isBlank: false });
    // Line by line: nothing, left, up, mean and Paeth, written out as the specification has them.
    const [stride, channels] = [12, 3];
    const byte = (row: number, at: number): number => (row < 0 || at < 0 ? 0 : points[row * stride + at]!);
    const paeth = (a: number, b: number, c: number): number => [a, b, c].map((value, index) => ({ value, index, far: Math.abs(a + b - c - value) })).toSorted((x, y) => x.far - y.far || x.index - y.index)[0]!.value;
    const filters = [() => 0, (a: number) => a, (_: number, b: number) => b, (a: number, b: number) => Math.floor((a + b) / 2), paeth];
    const lines = filters.flatMap((filter, row) => [row, ...Array.from({ length: stride }, (_, at) => (byte(row, at) - filter(byte(row, at - channels), byte(row - 1, at), at >= channels ? byte(row - 1, at - channels) : 0) + 512) % 256)]);
    const data = deflateSync(Buffer.from(lines));
    const head = png.subarray(0, 33);
    const frame = Buffer.concat([Buffer.alloc(4), Buffer.from("IDAT"), data, Buffer.alloc(4)]);
    frame.writeUInt32BE(data.length, 0);
    expect(readPng(Buffer.concat([head, frame])).rgb).toEqual(points);
    expect(() => readPng(png.subarray(0, png.length - 20))).toThrow(/could not be read/);
    expect(() => readPng(head)).toThrow(/could not be read/);
  });

  it.each([["cut off", pixmap("P6\n2 2\n255\n", RED)], ["text", Buffer.from("P3\n1 1\n255\n255 0 0\n")], ["empty", Buffer.alloc(0)], ["16 bits a channel", pixmap("P6\n1 1\n65535\n", RED, RED)]])("refuses a file that is %s", (_name, file) => {
    expect(() => readPixmap(file)).toThrow(/could not be read/);
  });
});
