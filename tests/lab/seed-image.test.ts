import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { seedImage } from "@/server/platform/seed-image";

const seed = { "meta-data": "instance-id: ins_1\nlocal-hostname: web-1\n", "user-data": "#cloud-config\n{}\n", "network-config": `version: 2\n${"# padding\n".repeat(400)}` };
const folder = mkdtempSync(path.join(tmpdir(), "berth-seed-"));
const file = path.join(folder, "seed.iso");
writeFileSync(file, seedImage(seed));
afterAll(() => rmSync(folder, { recursive: true }));
const isoinfo = (...args: string[]) => spawnSync("isoinfo", ["-i", file, ...args], { encoding: "utf8" });
const hasIsoinfo = isoinfo("-d").error === undefined;
const mount = path.join(folder, "mount");
const canMount = spawnSync("sh", ["-c", `mkdir ${mount} && mount -o loop,ro -t iso9660 ${file} ${mount}`]).status === 0;

/** Reads the Joliet folder by hand, after ECMA-119 9.1, independently of the writer's helpers. */
function readJoliet(image: Uint8Array): Record<string, string> {
  const bytes = Buffer.from(image);
  const root = bytes.readUInt32LE(17 * 2048 + 156 + 2);
  const found: Record<string, string> = {};
  for (let at = root * 2048; bytes[at]! > 0; at += bytes[at]!) {
    const id = bytes.subarray(at + 33, at + 33 + bytes[at + 32]!);
    if (id.length === 1) continue;
    const start = bytes.readUInt32LE(at + 2) * 2048;
    found[Buffer.from(id).swap16().toString("utf16le")] = bytes.toString("utf8", start, start + bytes.readUInt32LE(at + 10));
  }
  return found;
}

describe("seed image", () => {
  it("has the label that cloud-init looks for, and whole sectors", () => {
    const image = Buffer.from(seedImage(seed));
    expect(image.toString("latin1", 32808, 32814)).toBe("cidata");
    expect(image.length % 2048).toBe(0);
    expect(image.readUInt32LE(16 * 2048 + 80)).toBe(image.length / 2048);
  });
  it("gives the same bytes for the same files", () => {
    expect(Buffer.from(seedImage(seed)).equals(Buffer.from(seedImage({ ...seed })))).toBe(true);
  });
  it("keeps any text under any name that a seed may have", () => {
    const name = fc.stringMatching(/^[A-Za-z0-9._-]{1,20}$/);
    fc.assert(fc.property(fc.dictionary(name, fc.string({ unit: "grapheme", maxLength: 5000 }), { maxKeys: 8, noNullPrototype: true }), (files) => {
      const expected = Object.fromEntries(Object.entries(files).map(([key, text]) => [key, Buffer.from(text).toString()]));
      expect(readJoliet(seedImage(files))).toEqual(expected);
    }), { numRuns: 100 });
  });
  it("refuses names and sizes that the format cannot hold", () => {
    expect(() => seedImage({ "a/b": "" })).toThrow(/cannot be named/);
    expect(() => seedImage({ big: "x".repeat(17 * 1024 * 1024) })).toThrow(/16 MiB/);
  });
  it.skipIf(!hasIsoinfo)("is read by isoinfo with its exact names (Rock Ridge and Joliet)", () => {
    expect(isoinfo("-d").stdout).toMatch(/Volume id: cidata/);
    for (const extension of ["-R", "-J"]) {
      expect(isoinfo(extension, "-f").stdout.trim().split("\n").sort()).toEqual(["/meta-data", "/network-config", "/user-data"]);
      for (const [name, text] of Object.entries(seed)) expect(isoinfo(extension, "-x", `/${name}`).stdout).toBe(text);
    }
  });
  it.skipIf(!canMount)("is mounted by this machine's kernel", () => {
    try {
      for (const [name, text] of Object.entries(seed)) expect(readFileSync(path.join(mount, name), "utf8")).toBe(text);
    } finally {
      spawnSync("umount", [mount]);
    }
  });
});
