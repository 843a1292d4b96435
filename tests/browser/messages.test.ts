import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import en from "@/app/_i18n/en.json";
import ja from "@/app/_i18n/ja.json";

type Tree = { readonly [name: string]: string | Tree };

function flatten(tree: Tree, prefix = ""): Map<string, string> {
  const flat = new Map<string, string>();
  for (const [name, value] of Object.entries(tree)) {
    if (typeof value === "string") flat.set(`${prefix}${name}`, value);
    else for (const [inner, text] of flatten(value, `${prefix}${name}.`)) flat.set(inner, text);
  }
  return flat;
}

/** The names in braces that a sentence takes its numbers and words from; the branch of a plural is no name. */
const placeholders = (text: string): string[] => [...new Set([...text.matchAll(/(?<!(?:=\d|\bone|\bother) ?)\{(\w+)(?=[,}])/g)].map((match) => match[1]!))].toSorted();

const english = flatten(en);
const japanese = flatten(ja);
const root = fileURLToPath(new URL("../../app", import.meta.url));

function sources(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? sources(join(folder, entry.name)) : entry.name.endsWith(".tsx") ? [join(folder, entry.name)] : []));
}

describe("the two languages", () => {
  it("have the same sentences", () => {
    expect([...japanese.keys()].toSorted()).toEqual([...english.keys()].toSorted());
  });

  it("leave no sentence empty and fill in the same numbers", () => {
    for (const [key, text] of english) {
      expect(text.trim(), key).not.toBe("");
      expect(japanese.get(key)?.trim(), key).toBeTruthy();
      expect(placeholders(japanese.get(key) ?? ""), key).toEqual(placeholders(text));
    }
  });

  it("really are two: what has words in English is not left in English", () => {
    const same = [...english].filter(([key, text]) => japanese.get(key) === text && /[a-z]{4,} [a-z]{3,}/i.test(text.replaceAll(/\{[^}]*\}/g, "")));
    expect(same).toEqual([]);
  });

  it("hold every text of the screens: no sentence stands in the code", () => {
    const loose = sources(root).flatMap((file) => [...readFileSync(file, "utf8").matchAll(/>\s*([A-Z][a-z]+(?: [a-z]+)+[.!?]?)\s*</g)].map((match) => `${file.slice(root.length)}: ${match[1]}`));
    expect(loose).toEqual([]);
  });
});
