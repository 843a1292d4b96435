import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ALL_PATHS, ROOT, SOURCES } from "./source";

const PURE_ROOMS = /^server\/(planner|rating)\//;
/** Reads files and prints: the planner's way in from the command line. */
const PURE_EXCEPTIONS = ["server/planner/cli.ts"];
const IMPURE = /\b(Date|process|console|async|await|performance|setTimeout|setInterval|fetch|globalThis)\b|Math\.random/;

const AREAS = /^server\/(tenancy|catalog|quota|compute|desktop|fleet|metering|billing)\//;
const FIXED_NAMES = new Set(["README.md", "index.ts", "types.ts", "schema.ts", "state.ts", "store.ts", "rules.ts"]);
/** `<verb>-<noun>.ts`: what a file of an area does is the first word of its name. */
const VERB_FILE = /^[a-z]+(-[a-z0-9]+)+\.ts$/;

const MAX_LINES = 400;

describe("rules of the house", () => {
  it("planner and rating are pure", () => {
    const impure = SOURCES.filter((source) => PURE_ROOMS.test(source.path) && !PURE_EXCEPTIONS.includes(source.path)).flatMap((source) => {
      // Words inside strings are prose: a reason may say "process".
      const match = IMPURE.exec(source.code.replace(/"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`/g, '""'));
      return match ? [`${source.path}: ${match[0]}`] : [];
    });
    expect(impure).toEqual([]);
  });

  it("files of an area are named from the closed vocabulary", () => {
    const strange = ALL_PATHS.filter((path) => AREAS.test(path)).filter((path) => {
      const name = path.split("/").at(-1) ?? "";
      return !FIXED_NAMES.has(name) && !VERB_FILE.test(name);
    });
    expect(strange).toEqual([]);
  });

  it("every room has its README", () => {
    const rooms = new Set(ALL_PATHS.filter((path) => path.startsWith("server/") && path.split("/").length > 2).map((path) => path.split("/").slice(0, 2).join("/")));
    const missing = [...rooms].filter((path) => !ALL_PATHS.includes(`${path}/README.md`));
    expect(missing).toEqual([]);
  });

  it(`no file is longer than ${MAX_LINES} lines`, () => {
    expect(SOURCES.filter((source) => source.lines > MAX_LINES).map((source) => `${source.path}: ${source.lines}`)).toEqual([]);
  });

  it("no code is switched off, left for later or typed away", () => {
    const marks = new RegExp(["TO" + "DO", "FIX" + "ME", "@ts-" + "ignore", "@ts-" + "nocheck", "oxlint-" + "disable", "eslint-" + "disable"].join("|"));
    const typedAway = new RegExp("\\bas " + "any\\b|: " + "any\\b");
    expect(SOURCES.filter((source) => marks.test(source.text) || typedAway.test(source.code.replace(/"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\.)*`/g, '""'))).map((source) => source.path)).toEqual([]);
  });

  it("time and chance come in through the door", () => {
    const doors = /^server\/(platform\/(clock|random)\.ts|lab\/|console\/|worker\.ts|drivers\/|planner\/cli)/;
    const own = SOURCES.filter((source) => source.path.startsWith("server/") && !doors.test(source.path)).filter((source) => /\bDate\.now\(|new Date\(\)|Math\.random\(/.test(source.code));
    expect(own.map((source) => source.path)).toEqual([]);
  });

  it("nothing names this machine or a package registry", () => {
    const tracked = execFileSync("git", ["ls-files", "-co", "--exclude-standard"], { cwd: ROOT, encoding: "utf8" }).split("\n").filter(Boolean);
    const texts = tracked.filter((path) => /\.(ts|tsx|mjs|js|json|md|sh|sql|css|yml|yaml)$|^\.(npmrc|ci)/.test(path));
    const hosts = new RegExp(["registry\\.npmjs" + "\\.org", "deb\\.debian" + "\\.org", "(?<![\\w.])/(work|home|farm)/[a-z]"].join("|"));
    expect(texts.filter((path) => hosts.test(readFileSync(join(ROOT, path), "utf8")))).toEqual([]);
  });
});
