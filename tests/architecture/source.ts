import { readFileSync, readdirSync } from "node:fs";
import { dirname, join, normalize, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("../..", import.meta.url));

export interface SourceImport {
  /** Path from the repository's root for our own files (`server/quota/index`), the package's name for others. */
  readonly target: string;
  readonly own: boolean;
  readonly typeOnly: boolean;
}

export interface SourceFile {
  /** Path from the repository's root, with slashes. */
  readonly path: string;
  readonly text: string;
  /** The text without comments; strings stay. */
  readonly code: string;
  readonly lines: number;
  readonly imports: readonly SourceImport[];
}

const SKIPPED = new Set(["node_modules", ".next", ".data", ".git"]);

function walk(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    if (SKIPPED.has(entry.name)) return [];
    const path = join(directory, entry.name);
    return entry.isDirectory() ? walk(path) : [path];
  });
}

/** Comments out, so that a rule about code does not read prose. Good enough for our own formatting. */
function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/(^|[\s;,{(])\/\/[^\n]*/g, "$1");
}

const IMPORT = /(?:^|\n)\s*(?:import|export)\s+(type\s+)?(?:[^"';]*?\sfrom\s+)?["']([^"']+)["']|import\(\s*["']([^"']+)["']\s*\)/g;

function importsOf(path: string, code: string): SourceImport[] {
  const found: SourceImport[] = [];
  for (const match of code.matchAll(IMPORT)) {
    const specifier = match[2] ?? match[3];
    if (!specifier) continue;
    const typeOnly = match[1] !== undefined;
    if (specifier.startsWith("@/")) found.push({ target: specifier.slice(2), own: true, typeOnly });
    else if (specifier.startsWith(".")) found.push({ target: normalize(join(dirname(path), specifier)).split(sep).join("/"), own: true, typeOnly });
    else found.push({ target: specifier, own: false, typeOnly });
  }
  return found;
}

/** Every TypeScript file of the project, read once. */
export const SOURCES: readonly SourceFile[] = ["app", "server", "db", "tests"]
  .flatMap((top) => walk(join(ROOT, top)))
  .filter((path) => /\.(ts|tsx)$/.test(path))
  .map((absolute) => {
    const path = relative(ROOT, absolute).split(sep).join("/");
    const text = readFileSync(absolute, "utf8");
    const code = withoutComments(text);
    return { path, text, code, lines: text.split("\n").length - 1, imports: importsOf(path, code) };
  });

/** Every other file that is ours to name. */
export const ALL_PATHS: readonly string[] = ["app", "server", "db", "tests"].flatMap((top) => walk(join(ROOT, top))).map((path) => relative(ROOT, path).split(sep).join("/"));
