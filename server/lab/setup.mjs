// Runs before anything is installed: plain Node, no dependency. Installs what a fresh machine lacks and says what.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../..", import.meta.url));

function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exit(2);
}

/** Node below 20.19 lacks what Next and Vitest need; say so before they do it in their own words. */
export function checkNode() {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  if (major < 20 || (major === 20 && minor < 19)) fail(`Berth needs Node 20.19 or newer; this is ${process.versions.node}. Install a newer Node and run the command again.`);
}

/** Runs `npm ci` when node_modules is missing or was made from another lock file. */
export function ensureNodeModules() {
  const lock = createHash("sha256").update(readFileSync(`${root}package-lock.json`)).digest("hex");
  const marker = `${root}node_modules/.berth-lock`;
  if (existsSync(marker) && readFileSync(marker, "utf8") === lock) return;
  process.stderr.write("Installing npm packages (npm ci) ...\n");
  const result = spawnSync("npm", ["ci", "--include=dev", "--no-audit", "--no-fund", "--loglevel=error"], { cwd: root, stdio: ["ignore", 2, 2] });
  if (result.status !== 0) fail("npm ci failed; its own words are above. Check the network and the npm configuration, then run the command again.");
  writeFileSync(marker, lock);
}

/** Debian packages of the given groups (server/lab/packages.json) that this machine lacks; null where there is no dpkg. */
export function missingDebianPackages(...groups) {
  const listed = JSON.parse(readFileSync(new URL("./packages.json", import.meta.url), "utf8"));
  const names = groups.flatMap((group) => Object.keys(listed[group] ?? {}));
  const query = spawnSync("dpkg-query", ["-W", "-f", "${Package} ${db:Status-Status}\n", ...names], { encoding: "utf8" });
  if (query.error) return null;
  const installed = new Set(query.stdout.split("\n").filter((line) => line.endsWith(" installed")).map((line) => line.split(" ")[0]));
  return names.filter((name) => !installed.has(name));
}

/** As root on Debian, installs what is missing and says which. Returns what is still missing. */
export function ensureDebianPackages(...groups) {
  const missing = missingDebianPackages(...groups);
  if (missing === null || missing.length === 0 || process.getuid?.() !== 0) return missing ?? [];
  process.stderr.write(`Installing Debian packages: ${missing.join(" ")}\n`);
  const apt = (...args) => spawnSync("apt-get", ["-q", "-o", "DPkg::Lock::Timeout=300", ...args], { stdio: ["ignore", "pipe", "pipe"], encoding: "utf8", env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" } });
  apt("update");
  const result = apt("install", "-y", "--no-install-recommends", ...missing);
  if (result.status !== 0) process.stderr.write(`apt-get could not install them:\n${(result.stderr || result.stdout).split("\n").slice(-8).join("\n")}\n`);
  return missingDebianPackages(...groups) ?? [];
}

/** Runs a TypeScript entry point with the terminal's streams; resolves with its exit code. Signals reach it through the terminal's group or are passed on. */
export async function runTypeScript(file, args) {
  const { spawn } = await import("node:child_process");
  const child = spawn(process.execPath, ["--import", "tsx", `${root}${file}`, ...args], { cwd: root, stdio: "inherit" });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
    process.on(signal, () => {
      // Ctrl-C reached the child through the terminal already; a kill of this process alone did not.
      if (!process.stdin.isTTY) child.kill(signal);
    });
  }
  return new Promise((resolve) => child.on("exit", (code, signal) => resolve(code ?? (signal ? 130 : 1))));
}
