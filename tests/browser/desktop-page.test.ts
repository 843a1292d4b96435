import { describe, expect, it } from "vitest";
import { readAddresses } from "@/app/(portal)/o/[org]/desktop-pools/read-addresses";
import { keysOfLetter } from "@/app/(portal)/o/[org]/desktops/[session]/keys";
import { LinkMeter } from "@/app/(portal)/o/[org]/desktops/[session]/link-meter";

/** A burst of so many bytes within so many milliseconds, in ten messages, and the silence after it. */
function burst(meter: LinkMeter, atMs: number, bytes: number, ms: number): void {
  for (let part = 0; part <= 10; part++) meter.received(part === 0 ? 1_000 : bytes / 10, atMs + (part * ms) / 10);
  meter.received(20, atMs + ms + 1_000);
}

describe("the meter of a desktop's line", () => {
  it("says nothing before it knows, and takes the sharpest picture until then", () => {
    const meter = new LinkMeter();
    expect([meter.bitsPerSecond, meter.roundTripMs, meter.level]).toEqual([null, null, "sharp"]);
    burst(meter, 0, 4_000, 400);
    expect(meter.bitsPerSecond).toBeNull();
  });

  it.each([[1_000_000, 100, 80_000_000, "sharp"], [500_000, 500, 8_000_000, "balanced"], [100_000, 400, 2_000_000, "saving"]])("makes of %i bytes in %i ms %i bits a second and a %s picture", (bytes, ms, rate, level) => {
    const meter = new LinkMeter();
    burst(meter, 5_000, bytes, ms);
    expect(Math.round(meter.bitsPerSecond ?? 0)).toBe(rate);
    expect(meter.level).toBe(level);
  });

  it("tells the middle of the last round trips", () => {
    const meter = new LinkMeter();
    for (const [index, ms] of [20, 500, 30, 25, 22].entries()) {
      meter.asked(index * 10_000);
      meter.received(16, index * 10_000 + ms);
      meter.received(16, index * 10_000 + ms + 900);
    }
    expect(meter.roundTripMs).toBe(25);
  });
});

describe("addresses in what was pasted", () => {
  it("are found in lines, lists and tables, once each", () => {
    expect(readAddresses("Name;Mail\r\n\"Sato, Ren\";Ren.Sato@Example.test\nKim <kim@example.test>, kim@example.test\n")).toEqual({ emails: ["ren.sato@example.test", "kim@example.test"], unreadable: [] });
  });

  it("that are none are named", () => {
    expect(readAddresses("ren@example.test kim@ @home")).toEqual({ emails: ["ren@example.test"], unreadable: ["kim@", "@home"] });
    expect(readAddresses("nobody here").emails).toEqual([]);
  });
});

it("letters go to the desktop as X11 names them", () => {
  expect(["a", "é", "日", "😀", "\n"].map((letter) => keysOfLetter(letter, "us")[0]!.symbol)).toEqual([0x61, 0xe9, 0x0100_65e5, 0x0101_f600, 0xff0d]);
  // As places of the guest's keyboard: the same letter lies elsewhere on a Japanese one.
  const places = (letter: string, layout: "us" | "jp"): string => keysOfLetter(letter, layout).map(({ code }) => code ?? "-").join("+");
  expect(["@", "\"", "A", "_", "日"].map((letter) => [places(letter, "us"), places(letter, "jp")])).toEqual([["ShiftLeft+Digit2", "BracketLeft"], ["ShiftLeft+Quote", "ShiftLeft+Digit2"], ["ShiftLeft+KeyA", "ShiftLeft+KeyA"], ["ShiftLeft+Minus", "ShiftLeft+IntlRo"], ["-", "-"]]);
});
