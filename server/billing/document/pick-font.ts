import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { unpackWoff } from "./unpack-woff";

/** The package's files stand beside the program, in a checkout and in the standalone build alike. */
const FOLDER = join("node_modules", "@fontsource", "biz-udpgothic");

/** Files of the typeface, and which of them has a character: the Japanese one has nearly all, rare ones stand in slices. */
export interface Typeface {
  readonly regular: Buffer;
  readonly bold: Buffer;
  /** Name of the slice with a character that the main file lacks; null when the typeface has none for it. */
  readonly sliceFor: (codePoint: number) => string | null;
  readonly readSlice: (slice: string) => Buffer;
}

let known: Typeface | null = null;

export function readTypeface(): Typeface {
  if (known) return known;
  const folder = join(process.cwd(), FOLDER);
  const file = (slice: string, weight: number): string => join(folder, "files", `biz-udpgothic-${slice}-${weight}-normal.woff`);
  if (!existsSync(file("japanese", 400))) throw new Error(`The typeface of invoices is missing at ${folder}: run npm ci, or build again.`);
  const ranges = Object.entries(JSON.parse(readFileSync(join(folder, "unicode.json"), "utf8")) as Record<string, string>).map(([slice, text]) => ({ slice: slice.replace(/[[\]]/g, ""), spans: text.split(",").map(spanOf) }));
  known = {
    regular: unpackWoff(readFileSync(file("japanese", 400))),
    bold: unpackWoff(readFileSync(file("japanese", 700))),
    readSlice: (slice) => unpackWoff(readFileSync(file(slice, 400))),
    sliceFor: (codePoint) => {
      const found = ranges.find(({ spans }) => spans.some(([from, to]) => codePoint >= from && codePoint <= to));
      return found && existsSync(file(found.slice, 400)) ? found.slice : null;
    },
  };
  return known;
}

/** `U+4E00-4EFF` or `U+4E00`. */
function spanOf(text: string): readonly [number, number] {
  const [from = "", to] = text.trim().replace(/^U\+/i, "").split("-");
  return [Number.parseInt(from, 16), Number.parseInt(to ?? from, 16)];
}
