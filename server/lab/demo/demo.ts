import { writeFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { parseArgs } from "node:util";
import { labSupport } from "../index";
import { Recorder } from "./evidence";
import { PortalClient } from "./portal-client";
import { demoCredentials } from "./settings";
import { dataFolder, Running, startDemo, type Started } from "./start";
import { playStory } from "./story/story";
import type { Stage } from "./story/stage";

const say = (line: string): void => void process.stdout.write(`${line}\n`);

const USAGE = `npm run demo -- [--exit] [--json FILE] [--hypervisor libvirt|simulated] [--no-story] [--data DIR]

  --exit          end after the story; the exit code is 0 only if every step held
  --json FILE     write the evidence there
  --hypervisor    force the kind of hosts; by default real ones where they can run
  --no-story      only start everything
  --data DIR      keep everything of this demo there; two demos with folders of their own can run beside each other`;

interface Options {
  readonly exit: boolean;
  readonly json: string | null;
  readonly hypervisor: "libvirt" | "simulated";
  readonly story: boolean;
  /** Null: the default folder for the kind of hosts. */
  readonly data: string | null;
}

async function readOptions(): Promise<Options> {
  const { values } = parseArgs({
    options: { exit: { type: "boolean", default: false }, json: { type: "string" }, hypervisor: { type: "string" }, "no-story": { type: "boolean", default: false }, data: { type: "string" }, help: { type: "boolean", default: false } },
  });
  if (values.help) {
    say(USAGE);
    process.exit(0);
  }
  if (values.hypervisor !== undefined && values.hypervisor !== "libvirt" && values.hypervisor !== "simulated") {
    throw new Error(`--hypervisor takes libvirt or simulated, not "${values.hypervisor}".`);
  }
  return { exit: values.exit, json: values.json ?? null, hypervisor: values.hypervisor ?? (await chooseHypervisor()), story: !values["no-story"], data: values.data ? resolve(values.data) : null };
}

async function chooseHypervisor(): Promise<"libvirt" | "simulated"> {
  const support = await labSupport();
  if (support.available) return "libvirt";
  say(`Real hosts cannot run here (${support.reason}); simulated ones are used instead.`);
  return "simulated";
}

const running = new Running(say);

async function main(): Promise<number> {
  const options = await readOptions();
  const recorder = new Recorder(say);
  say(`Berth demo on ${options.hypervisor === "libvirt" ? "real libvirt hosts" : "simulated hosts"}.`);

  const parts: Started[] = [];
  await recorder.step("setup", "Postgres, hosts, build, three processes, seed", async () => {
    const started = await startDemo({ ...options, log: (line) => say(`        ${line}`) }, running);
    parts.push(started);
    return started.prepared;
  });
  const [ready] = parts;
  const credentials = ready && demoCredentials(ready.settings);
  if (ready && credentials && options.story) {
    const stage: Stage = { centre: ready.centre, origin: ready.origin, organization: "acme", tenant: new PortalClient(ready.origin), operator: new PortalClient(ready.origin), instanceId: "", others: [], lostHost: null };
    await playStory({ stage, recorder, credentials, databaseUrl: ready.database.url.owner });
  }
  const evidence = recorder.evidence(options.hypervisor);
  const held = options.story ? evidence.ok : recorder.steps.every((step) => step.ok);
  if (options.json) writeFileSync(options.json, `${JSON.stringify(evidence, null, 2)}\n`);
  say(held ? "Every step held." : `Not held: ${evidence.steps.filter((step) => !step.ok).map((step) => step.id).join(", ")}. Logs: ${join(relative(process.cwd(), dataFolder(options)), "processes")}/`);
  if (ready && credentials && !options.exit) {
    say(`\n  Portal    ${ready.origin}\n  Tenant    ${credentials.tenant.email}  ${credentials.tenant.password}\n  Operator  ${credentials.operator.email}  ${credentials.operator.password}\n\nCtrl-C stops everything.`);
    await stopped;
  }
  await running.end();
  return held ? 0 : 1;
}

let stop: () => void = () => undefined;
const stopped = new Promise<void>((resolve) => {
  stop = resolve;
});
let ending = false;
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(signal, () => {
    stop();
    if (ending) return;
    ending = true;
    say(`\nStopping (${signal}) ...`);
    // A story in the middle is abandoned; what it started is ended in order.
    void running.end().then(() => process.exit(130));
  });
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    process.stderr.write(`The demo could not run: ${error instanceof Error ? error.message : String(error)}\n`);
    void running.end().then(() => process.exit(2));
  },
);
