// npm test: everything that CI needs, from a fresh clone. Ends with one line: N passed, N failed, N skipped.
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkNode, ensureDebianPackages, ensureNodeModules, root } from "../server/lab/setup.mjs";

const started = Date.now();
const totals = { passed: 0, failed: 0, skipped: 0 };
const reports = mkdtempSync(join(tmpdir(), "berth-test-"));
const bin = (name) => join(root, "node_modules", ".bin", name);

function run(command, args, options = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: root, stdio: ["ignore", "inherit", "inherit"], env: { ...process.env, NODE_ENV: undefined, NO_COLOR: "1", FORCE_COLOR: undefined, ...options.env } });
    child.on("error", (error) => {
      console.error(`${command} could not be started: ${error.message}`);
      resolve(1);
    });
    child.on("exit", (code) => resolve(code ?? 1));
  });
}

/** One check that passes or fails as a whole. */
async function check(name, command, args) {
  const from = Date.now();
  const code = await run(command, args);
  totals[code === 0 ? "passed" : "failed"] += 1;
  console.log(`${code === 0 ? "ok  " : "FAIL"} ${name} (${((Date.now() - from) / 1000).toFixed(1)} s)`);
}

/** One group of test files; counts come from the runner's own report. */
async function suite(name, args) {
  const from = Date.now();
  const report = join(reports, `${name}.json`);
  const code = await run(bin("vitest"), ["run", "--reporter=default", "--reporter=json", `--outputFile.json=${report}`, ...args]);
  try {
    const result = JSON.parse(readFileSync(report, "utf8"));
    totals.passed += result.numPassedTests;
    totals.failed += result.numFailedTests;
    totals.skipped += result.numPendingTests + result.numTodoTests;
    // A file that does not even load, or a set-up that fails, has no failed test of its own.
    if (code !== 0 && result.numFailedTests === 0) totals.failed += 1;
  } catch (error) {
    console.error(`${name} left no report: ${error.message}`);
    totals.failed += 1;
  }
  console.log(`${code === 0 ? "ok  " : "FAIL"} ${name} (${((Date.now() - from) / 1000).toFixed(1)} s)`);
}

checkNode();
ensureNodeModules();
if (process.platform === "linux") {
  const missing = ensureDebianPackages("lab", "browser");
  if (missing.length > 0) console.log(`Not installed (tests that need them say that they were skipped): ${missing.join(" ")}`);
}

await check("lint", bin("oxlint"), ["--type-aware", "--quiet"]);
await check("types", bin("tsc"), ["--noEmit", "-p", "."]);
// The lab and the browser use the machine alone: timings of real guests suffer from company.
await suite("core", ["--exclude", "tests/browser/**", "--exclude", "tests/lab/**", "--exclude", "tests/drivers/**", "--exclude", "tests/journeys/**"]);
await suite("drivers", ["tests/drivers", "tests/lab", "--maxWorkers=1"]);
await suite("journeys", ["tests/journeys", "--maxWorkers=1"]);
await suite("browser", ["tests/browser", "--maxWorkers=1"]);

rmSync(reports, { recursive: true, force: true });
console.log(`Everything took ${((Date.now() - started) / 60_000).toFixed(1)} minutes.`);
console.log(`${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped`);
process.exit(totals.failed > 0 ? 1 : 0);
