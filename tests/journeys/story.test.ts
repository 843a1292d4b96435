import { describe, expect, it } from "vitest";
import { labSupport } from "@/server/lab";
import { skipReason } from "../browser/browser";
import { playStory } from "./play-story";
import type { Portal } from "./portal";
import { workInChromium } from "./work-in-chromium";
import { FILE_TEXT, ON_JIS, ON_US, TEXT_AFTER, TEXT_IN, TEXT_OUT, workInDebian, type DebianWork } from "./work-in-debian";

const support = await labSupport();

/** Minutes more on a busy machine: it is asked for. */
const chromiumLeftOut = skipReason ?? (process.env["DESKTOP_IN_CHROMIUM"] === "1" ? null : "DESKTOP_IN_CHROMIUM=1 asks for it");

/** A picture that breaks off while a desktop moves is said by the browser, too. */
const isComplaint = (line: string): boolean => !/WebSocket|Disconnect|closed/i.test(line);

describe("the story, from the order to nothing left", () => {
  it.skipIf(!support.available)(`holds on real hosts${support.available ? "" : ` (skipped: ${support.reason})`}`, { timeout: chromiumLeftOut === null ? 4_800_000 : 900_000 }, async () => {
    const seen: { said: readonly string[]; complaints: readonly string[] }[] = [];
    const debian: (DebianWork | null)[] = [];
    const inChromium = chromiumLeftOut === null ? async (portal: Portal) => {
      seen.push(await workInChromium(portal));
      debian.push(await workInDebian(portal));
    } : undefined;
    if (chromiumLeftOut) console.log(`The part in a browser is left out: ${chromiumLeftOut}`);
    await playStory("libvirt", inChromium);
    for (const { said, complaints } of seen) {
      // A move and a failover, each in plain words over the screen.
      expect(said.join("\n")).toContain("Moving your desktop");
      expect(said.join("\n")).toContain("The server under it failed.");
      expect(complaints.filter(isComplaint)).toEqual([]);
    }
    for (const work of debian) {
      if (work === null) {
        console.log("The Debian desktop is left out: npm run lab -- image desktop builds its image");
        continue;
      }
      const { sizes, resumeMs, complaints, said, ...texts } = work;
      expect(said.join("\n")).toContain("The server under it failed.");
      expect(texts).toEqual({
        typed: expect.stringMatching(/^design-\d+$/) as string, clipboardInGuest: TEXT_IN, pastedInGuest: TEXT_IN, clipboardInBrowser: TEXT_OUT, fileInGuest: FILE_TEXT.trim(), fileOut: FILE_TEXT,
        clipboardAfterResume: TEXT_AFTER, clipboardOutAfterResume: `${TEXT_OUT} again`,
        japanese: { locale: "ja_JP.UTF-8", layout: "jp", typed: ON_JIS }, afterLoss: { locale: "ja_JP.UTF-8", layout: "jp", typed: ON_JIS }, english: { locale: "en_US.UTF-8", layout: "us", typed: ON_US },
        movedAwake: true, keptThroughLoss: expect.stringMatching(/^design-\d+$/) as string,
      });
      // Another size of the window is another size of the guest's screen.
      expect(new Set(sizes.map(({ guest }) => guest)).size).toBe(2);
      expect(complaints.filter(isComplaint)).toEqual([]);
      console.log(`The Debian desktop went on ${resumeMs} ms after the click.`);
    }
  });
});
