// npm test: everything that CI needs, from a fresh clone. Ends with one line: N passed, N failed, N skipped.
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { checkNode, ensureDebianPackages, ensureNodeModules, root } from "../server/lab/setup.mjs";

/** A suite that has not ended after this long hangs; the longest takes four minutes of two quiet cores. */
const LONGEST_MINUTES = Number(process.env.TEST_SUITE_MINUTES ?? 30);
/** Between asking a hung suite to end, which lets it take its lab down, and ending it. */
const GRACE_MS = 20_000;

const started = Date.now();
const totals = { passed: 0, failed: 0, skipped: 0 };
/** Files that failed beside others and passed alone. */
const stumbles = [];
const reports = mkdtempSync(join(tmpdir(), "berth-test-"));
const bin = (name) => join(root, "node_modules", ".bin", name);
const seconds = (from) => `${((Date.now() - from) / 1000).toFixed(1)} s`;

/** Everything that the child started has its group, so that nothing of a hung suite stays behind. */
function signal(child, name) {
  try {
    process.kill(-child.pid, name);
  } catch (error) {
    if (error.code !== "ESRCH") throw error;
  }
}

/** Runs one program; `quiet` keeps its output until it is asked for. @returns its exit code, or null when it hung. */
function run(command, args, { quiet = false } = {}) {
  return new Promise((resolve) => {
    const env = { ...process.env, NODE_ENV: undefined, NO_COLOR: "1", FORCE_COLOR: undefined };
    const child = spawn(command, args, { cwd: root, detached: true, stdio: ["ignore", quiet ? "pipe" : "inherit", quiet ? "pipe" : "inherit"], env });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) stream?.on("data", (data) => (output += data));
    let hung = false;
    const ending = new Set();
    const bound = setTimeout(() => {
      hung = true;
      signal(child, "SIGTERM");
      ending.add(setTimeout(() => signal(child, "SIGKILL"), GRACE_MS));
    }, LONGEST_MINUTES * 60_000);
    // The group is its own, so an interrupt of ours has to be passed on.
    const interrupted = () => {
      signal(child, "SIGTERM");
      setTimeout(() => {
        signal(child, "SIGKILL");
        process.exit(130);
      }, GRACE_MS).unref();
    };
    process.once("SIGINT", interrupted).once("SIGTERM", interrupted);
    const done = (code) => {
      clearTimeout(bound);
      for (const timer of ending) clearTimeout(timer);
      process.off("SIGINT", interrupted).off("SIGTERM", interrupted);
      if (hung) signal(child, "SIGKILL");
      resolve({ code: hung ? null : code, output });
    };
    child.on("error", (error) => {
      console.error(`${command} could not be started: ${error.message}`);
      done(1);
    });
    child.on("exit", (code) => done(code ?? 1));
  });
}

function say(name, code, from) {
  console.log(code === null ? `FAIL ${name} (hung: ended after ${LONGEST_MINUTES} minutes)` : `${code === 0 ? "ok  " : "FAIL"} ${name} (${seconds(from)})`);
}

/** One check that passes or fails as a whole. Its output is shown in one piece, because checks run beside each other. */
async function check(name, command, args) {
  const from = Date.now();
  const { code, output } = await run(command, args, { quiet: true });
  totals[code === 0 ? "passed" : "failed"] += 1;
  if (output.trim() !== "" && code !== 0) console.log(output.trimEnd());
  say(name, code, from);
}

/** Files of these folders compute and wait for nothing: what fails there fails again, and has no second try. */
const COMPUTED = ["tests/architecture/", "tests/planner/", "tests/rating/", "tests/simulation/"];

async function vitest(name, args) {
  const report = join(reports, `${name}.json`);
  const { code } = await run(bin("vitest"), ["run", "--reporter=default", "--reporter=json", `--outputFile.json=${report}`, ...args]);
  const result = JSON.parse(readFileSync(report, "utf8"));
  // A file that does not even load, or a set-up that fails, has no failed test of its own.
  const bad = result.testResults.filter((file) => file.status === "failed");
  const passedInFailed = bad.flatMap((file) => file.assertionResults).filter((test) => test.status === "passed").length;
  const failed = Math.max(result.numFailedTests, code === 0 ? 0 : 1);
  return { code, passed: result.numPassedTests, failed, skipped: result.numPendingTests + result.numTodoTests, failedFiles: bad.map((file) => relative(root, file.name)), passedInFailed };
}

/**
 * One group of test files; counts come from the runner's own report. Files that failed while others kept the machine busy
 * are run once more, alone, when they wait for clocks, guests or browsers; the end of the run names every one of them.
 */
async function suite(name, args) {
  const from = Date.now();
  try {
    let result = await vitest(name, args);
    const { failedFiles } = result;
    if (failedFiles.length > 0 && failedFiles.every((file) => !COMPUTED.some((folder) => file.startsWith(folder)))) {
      console.log(`Once more, alone: ${failedFiles.join(" ")}`);
      const again = await vitest(`${name}-again`, ["--maxWorkers=1", ...failedFiles]);
      stumbles.push(...failedFiles.filter((file) => !again.failedFiles.includes(file)));
      result = { code: again.code, passed: result.passed - result.passedInFailed + again.passed, failed: again.failed, skipped: result.skipped };
    }
    totals.passed += result.passed;
    totals.failed += result.failed;
    totals.skipped += result.skipped;
    say(name, result.code, from);
  } catch (error) {
    console.error(`${name} left no report: ${error.message}`);
    totals.failed += 1;
    say(name, 1, from);
  }
}

checkNode();
ensureNodeModules();
if (process.platform === "linux") {
  const missing = ensureDebianPackages("lab", "browser");
  if (missing.length > 0) console.log(`Not installed (tests that need them say that they were skipped): ${missing.join(" ")}`);
}

// Both take a core and a half at most, and neither needs anything that the other does.
await Promise.all([
  check("lint", bin("oxlint"), ["--type-aware", "--quiet"]),
  check("types", bin("tsc"), ["--noEmit", "-p", "."]),
]);
// Two workers keep two cores busy; a third fills the pauses of those that wait for a lease or a guest.
await suite("core", ["--maxWorkers=3", "--exclude", "tests/browser/**", "--exclude", "tests/lab/**", "--exclude", "tests/drivers/**", "--exclude", "tests/journeys/**"]);
// The lab and the browser use the machine alone: timings of real guests suffer from company.
await suite("drivers", ["tests/drivers", "tests/lab", "--maxWorkers=1"]);
await suite("journeys", ["tests/journeys", "--maxWorkers=1"]);
await suite("browser", ["tests/browser", "--maxWorkers=1"]);

rmSync(reports, { recursive: true, force: true });
if (stumbles.length > 0) console.log(`Failed beside others, passed alone: ${stumbles.join(" ")}`);
console.log(`Everything took ${((Date.now() - started) / 60_000).toFixed(1)} minutes.`);
console.log(`${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped`);
process.exit(totals.failed > 0 ? 1 : 0);
