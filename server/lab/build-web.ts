import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** What a build depends on. The lab and the tests are not part of the portal. */
const SOURCES = ["app", "server", "db", "public", "package-lock.json", "next.config.js", "tsconfig.json", "postcss.config.mjs", "instrumentation.ts"];
const NOT_OF_THE_PORTAL = new Set(["server/lab", "server/reconcilers", "server/console", "server/drivers"]);

function filesBelow(path: string): string[] {
  if (!existsSync(join(root, path)) || NOT_OF_THE_PORTAL.has(path)) return [];
  const entries = readdirSync(join(root, path), { withFileTypes: true });
  return entries.flatMap((entry) => (entry.isDirectory() ? filesBelow(`${path}/${entry.name}`) : [`${path}/${entry.name}`]));
}

function sourceHash(): string {
  const hash = createHash("sha256");
  const files = SOURCES.flatMap((source) => (/\.\w+$/.test(source) ? (existsSync(join(root, source)) ? [source] : []) : filesBelow(source)));
  for (const file of files.toSorted()) hash.update(`${file}\0`).update(readFileSync(join(root, file)));
  return hash.digest("hex");
}

/** Next's own words when two builds meet in one folder; the second waits and mostly finds the work done. */
const BUSY = "Another next build process is already running";
const WAIT_FOR_OTHER_MS = 3_000;
const MAX_WAITS = 100;

function runNext(): Promise<{ readonly code: number; readonly output: string }> {
  const output: string[] = [];
  const child = spawn(process.execPath, [join(root, "node_modules", "next", "dist", "bin", "next"), "build"], { cwd: root, env: { ...process.env, NODE_ENV: "production", NEXT_TELEMETRY_DISABLED: "1" } });
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (data: Buffer) => output.push(data.toString()));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (value) => resolve({ code: value ?? 1, output: output.join("") }));
  });
}

/** Builds the portal unless the same sources were built before. @throws Error with the end of the build's output. */
export async function buildWeb(options: { readonly log: (line: string) => void }): Promise<{ readonly serverPath: string; readonly rebuilt: boolean }> {
  const standalone = join(root, ".next", "standalone");
  const serverPath = join(standalone, "server.js");
  const marker = join(standalone, ".sources");
  for (let waits = 0; ; waits++) {
    const hash = sourceHash();
    if (existsSync(marker) && readFileSync(marker, "utf8") === hash) return { serverPath, rebuilt: false };
    options.log(waits === 0 ? "Building the portal (next build) ..." : "Another build of the portal is under way; waiting for it ...");
    const { code, output } = await runNext();
    if (code !== 0 && output.includes(BUSY) && waits < MAX_WAITS) {
      await new Promise((resolve) => setTimeout(resolve, WAIT_FOR_OTHER_MS));
      continue;
    }
    if (code !== 0) throw new Error(`next build failed:\n${output.split("\n").slice(-40).join("\n")}`);
    // A standalone server serves files beside it only.
    cpSync(join(root, ".next", "static"), join(standalone, ".next", "static"), { recursive: true });
    if (existsSync(join(root, "public"))) cpSync(join(root, "public"), join(standalone, "public"), { recursive: true });
    writeFileSync(marker, hash);
    return { serverPath, rebuilt: true };
  }
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) await buildWeb({ log: console.log });
