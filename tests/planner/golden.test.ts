import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { LINE, tellStory } from "./support/story";

const FOLDER = join(import.meta.dirname, "golden");

/** UPDATE_GOLDEN=1 writes what is printed now below the line of each story; read the difference before you commit it. */
const UPDATE = process.env.UPDATE_GOLDEN === "1";

describe("golden plans", () => {
  const files = readdirSync(FOLDER).filter((name) => name.endsWith(".txt"));
  it("are there", () => {
    expect(files.length).toBeGreaterThan(10);
  });
  it.each(files)("%s", (name) => {
    const path = join(FOLDER, name);
    const [story = "", expected = ""] = readFileSync(path, "utf8").split(LINE);
    const told = tellStory(story);
    if (UPDATE) writeFileSync(path, `${story}${LINE}${told}\n`);
    else expect(`${told}\n`).toBe(expected);
  });
});
