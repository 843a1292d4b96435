// npm test: everything that CI needs, from a fresh clone. Ends with one line: N passed, N failed, N skipped.
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { checkNode, ensureDebianPackages, ensureNodeModules, root } from "../server/lab/setup.mjs";

/** A suite that has not ended after this long hangs; the longest takes four minutes of two quiet cores. */
const LONGEST_MINUTES = Number(process.env.TEST_SUITE_MINUTES ?? 30);
/** Between asking a hung suite to end, which lets it take its lab down, and ending it. */
const GRACE_MS = 30_000;
const LAST_WORDS_MS = 2_000;

const started = Date.now();
const totals = { passed: 0, failed: 0, skipped: 0 };
/** Files that failed beside others and are tried once more, and those of them that passed alone. */
const again = [];
const stumbles = [];
/** What failed and how that begins, said once more at the end of everything. */
const failures = [];
const WORDS_OF_A_FAILURE = 600;
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

const running = new Set();
let interrupted = false;

/** Every program has a group of its own, so an interrupt of ours has to be passed on; nothing new is begun after it. */
function interrupt() {
  if (interrupted) return;
  interrupted = true;
  for (const child of running) signal(child, "SIGTERM");
  const late = setTimeout(() => leave(), GRACE_MS);
  const look = setInterval(() => {
    if (running.size > 0) return;
    clearTimeout(late);
    clearInterval(look);
    leave();
  }, 100);
}

function leave() {
  for (const child of running) signal(child, "SIGKILL");
  rmSync(reports, { recursive: true, force: true });
  process.exit(130);
}
process.on("SIGINT", interrupt).on("SIGTERM", interrupt);

/** Runs one program; `quiet` keeps its output until it is asked for. @returns its exit code, or null when it hung. */
function run(command, args, { quiet = false, env: more = {} } = {}) {
  return new Promise((resolve) => {
    // The process ends with the last of what runs.
    if (interrupted) return;
    const env = { ...process.env, NODE_ENV: undefined, NO_COLOR: "1", FORCE_COLOR: undefined, ...more };
    const child = spawn(command, args, { cwd: root, detached: true, stdio: ["ignore", quiet ? "pipe" : "inherit", quiet ? "pipe" : "inherit"], env });
    running.add(child);
    let output = "";
    for (const stream of [child.stdout, child.stderr]) stream?.on("data", (data) => (output += data));
    let hung = false;
    const ending = new Set();
    const bound = setTimeout(() => {
      hung = true;
      signal(child, "SIGTERM");
      ending.add(setTimeout(() => signal(child, "SIGKILL"), GRACE_MS));
    }, LONGEST_MINUTES * 60_000);
    const done = (code) => {
      clearTimeout(bound);
      for (const timer of ending) clearTimeout(timer);
      running.delete(child);
      if (hung) signal(child, "SIGKILL");
      // What it wrote last arrives with the end of its streams; something that it left behind may keep them open.
      const answer = () => resolve({ code: hung ? null : code, output });
      if (!quiet) return answer();
      const late = setTimeout(answer, LAST_WORDS_MS);
      child.once("close", () => {
        clearTimeout(late);
        answer();
      });
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
  if (code !== 0) failures.push(`${name}: ${output.slice(-WORDS_OF_A_FAILURE)}`);
  if (output.trim() !== "" && code !== 0) console.log(output.trimEnd());
  say(name, code, from);
}

/** Files of these folders compute and wait for nothing: what fails there fails again, and has no second try. */
const COMPUTED = ["tests/architecture/", "tests/planner/", "tests/rating/", "tests/simulation/"];

const isComputed = (file) => COMPUTED.some((folder) => file.startsWith(folder));

async function vitest(name, args, { quiet = false, env = {} } = {}) {
  const report = join(reports, `${name}.json`);
  const { code, output } = await run(bin("vitest"), ["run", "--reporter=default", "--reporter=json", `--outputFile.json=${report}`, ...args], { quiet, env: { TEST_MODULE_CACHE: join(reports, "modules"), ...env } });
  if (output.trim() !== "") console.log(`\n--- ${name}\n${output.trimEnd()}`);
  const result = JSON.parse(readFileSync(report, "utf8"));
  // A file that does not even load, or a set-up that fails, has no failed test of its own.
  const bad = result.testResults.filter((file) => file.status === "failed");
  const passedInFailed = bad.flatMap((file) => file.assertionResults).filter((test) => test.status === "passed").length;
  const failed = Math.max(result.numFailedTests, code === 0 ? 0 : 1);
  for (const file of bad) {
    const tests = file.assertionResults.filter((test) => test.status === "failed").map((test) => `${test.fullName}: ${test.failureMessages.join(" ")}`);
    for (const words of tests.length > 0 ? tests : [file.message]) failures.push(`${name}: ${relative(root, file.name)}: ${words.slice(0, WORDS_OF_A_FAILURE)}`);
  }
  return { code, passed: result.numPassedTests, failed, skipped: result.numPendingTests + result.numTodoTests, failedFiles: bad.map((file) => relative(root, file.name)), passedInFailed };
}

/**
 * One group of test files; counts come from the runner's own report. A suite that runs beside others keeps its output until
 * its end. Files that failed while others kept the machine busy are run once more when all suites have ended, when they wait
 * for clocks, guests or browsers; the end of the run names every one of them.
 */
async function suite(name, args, { quiet = true, env } = {}) {
  const from = Date.now();
  try {
    const result = await vitest(name, args, { quiet, env });
    const { failedFiles } = result;
    totals.passed += result.passed;
    totals.skipped += result.skipped;
    if (failedFiles.length > 0 && !failedFiles.some(isComputed)) {
      totals.passed -= result.passedInFailed;
      again.push(...failedFiles);
    } else {
      totals.failed += result.failed;
    }
    say(name, result.code, from);
  } catch (error) {
    console.error(`${name} left no report: ${error.message}`);
    totals.failed += 1;
    say(name, 1, from);
  }
}

/** The second try of what failed beside others, with the machine to itself. */
async function tryAgain() {
  const from = Date.now();
  console.log(`Once more, alone: ${again.join(" ")}`);
  try {
    const result = await vitest("again", ["--maxWorkers=1", ...again]);
    stumbles.push(...again.filter((file) => !result.failedFiles.includes(file)));
    totals.passed += result.passed;
    totals.failed += result.failed;
    say("again", result.code, from);
  } catch (error) {
    console.error(`The second try left no report: ${error.message}`);
    totals.failed += again.length;
    say("again", 1, from);
  }
}

checkNode();
ensureNodeModules();
if (process.platform === "linux") {
  const missing = ensureDebianPackages("lab", "browser");
  if (missing.length > 0) console.log(`Not installed (tests that need them say that they were skipped): ${missing.join(" ")}`);
}

/** Needs the built portal. */
const PORTAL = ["tests/api/upload.test.ts", "tests/journeys/http.test.ts", "tests/browser"];
/** Needs real hosts, which wait for emulated guests most of the time. */
const HOSTS = ["tests/drivers/hypervisor/libvirt-lab.test.ts", "tests/drivers/hypervisor/libvirt/virsh-comparison.test.ts", "tests/console/gateway-libvirt.test.ts", "tests/lab"];
const STORY = ["tests/journeys/story.test.ts"];
const STORY_SIMULATED = ["tests/journeys/story-simulated.test.ts"];
/** A demo starts a Postgres of its own. */
const OWN_POSTGRES = { env: { TEST_POSTGRES: "none" } };
const except = (paths) => paths.flatMap((path) => ["--exclude", path.endsWith(".ts") ? path : `${path}/**`]);

/** The web's build is what most waits for, so it comes first. */
const built = check("build", process.execPath, ["--import", "tsx", "server/lab/build-web.ts"]);

/** What needs no lane of its own: each lane that has ended takes the next, the longest first; the last ones use both processors by themselves. */
const afterwards = [
  () => built.then(() => suite("story-simulated", [...STORY_SIMULATED, "--maxWorkers=1"], OWN_POSTGRES)),
  () => check("lint", bin("oxlint"), ["--type-aware", "--quiet"]),
  () => check("types", bin("tsc"), ["--noEmit", "-p", "."]),
];

async function takeOver() {
  for (let next = afterwards.shift(); next; next = afterwards.shift()) await next();
}

// Three lanes beside each other. Each waits for something else: time-outs of the control plane, pages, guests that boot.
await Promise.all([
  // Half of these wait for a lease or a silence; three workers fill the pauses of each other.
  suite("core", ["--maxWorkers=3", ...except([...PORTAL, ...HOSTS, ...STORY, ...STORY_SIMULATED])], { quiet: false }).then(takeOver),
  built.then(() => suite("portal", [...PORTAL, "--maxWorkers=1"])).then(takeOver),
  // One file of real hosts at a time; the story starts the portal, which is built long before the hosts are done.
  suite("hosts", [...HOSTS, "--maxWorkers=1"]).then(() => built).then(() => suite("story", [...STORY, "--maxWorkers=1"], OWN_POSTGRES)).then(takeOver),
]);
if (again.length > 0) await tryAgain();

rmSync(reports, { recursive: true, force: true });
for (const words of failures) console.log(`\n${words}`);
if (stumbles.length > 0) console.log(`Failed beside others, passed alone: ${stumbles.join(" ")}`);
console.log(`Everything took ${((Date.now() - started) / 60_000).toFixed(1)} minutes.`);
console.log(`${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped`);
process.exit(totals.failed > 0 ? 1 : 0);
