import { mkdirSync, writeFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { buildWeb } from "../build-web";
import { labSupport } from "../index";
import { prepareDatabase, type DemoDatabase } from "./database";
import type { DataCentre } from "./data-centre";
import { Recorder } from "./evidence";
import { prepareFleet } from "./prepare-fleet";
import { PortalClient } from "./portal-client";
import { labCentre, labDirectory, labIdentity } from "./lab-centre";
import { loadSettings, type DemoSettings } from "./settings";
import { simulatedCentre, worldArguments } from "./simulated-centre";
import { playStory } from "./story/story";
import type { Stage } from "./story/stage";
import { Supervisor } from "./supervisor";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const entry = (file: string): string => join(root, file);
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

/** Everything that was started, in order; ended in reverse, also when starting failed half-way. */
class Running {
  private readonly ends: { readonly name: string; readonly end: () => Promise<void> }[] = [];

  add(name: string, end: () => Promise<void>): void {
    this.ends.push({ name, end });
  }

  async end(): Promise<void> {
    for (const { name, end } of this.ends.splice(0).toReversed()) {
      await end().catch((error: unknown) => say(`${name} did not end cleanly: ${error instanceof Error ? error.message : String(error)}`));
    }
  }
}

interface Started {
  readonly centre: DataCentre;
  readonly database: DemoDatabase;
  readonly origin: string;
  readonly supervisor: Supervisor;
}

const running = new Running();

async function start(options: Options, directory: string, settings: DemoSettings): Promise<Started> {
  const { ports } = settings;
  const supervisor = new Supervisor(join(directory, "processes"));
  await supervisor.clearLeftovers();
  const database = await prepareDatabase(directory, settings);
  running.add("Postgres", () => database.stop());
  const centre: DataCentre =
    options.hypervisor === "simulated"
      ? simulatedCentre(ports.world)
      : labCentre({ ...labIdentity(options.data), directory: labDirectory(directory), imageDirectory: join(root, ".data", "images"), log: (line) => say(`        ${line}`) });
  running.add("the hosts", () => centre.down());
  running.add("web, worker and gateway", () => supervisor.stop());
  if (options.hypervisor === "simulated") {
    await supervisor.start({ name: "world", file: entry("server/drivers/hypervisor/simulated/main.ts"), args: worldArguments(ports.world), env: {}, readyUrl: `http://127.0.0.1:${ports.world}/health` });
  }
  // The build is the longest part and needs no host: both at once.
  const [web, hosts] = await Promise.all([buildWeb({ log: (line) => say(`        ${line}`) }), centre.up()]);
  say(`        ${database.note}; ${hosts}; portal ${web.rebuilt ? "built" : "was built already"}`);
  const origin = `http://127.0.0.1:${ports.web}`;
  const common = { NODE_ENV: "production", WORKER_DATABASE_URL: database.url.worker, METRICS_TOKEN: settings.metricsToken, IMAGE_UPLOAD_DIRECTORY: join(directory, "uploads"), ...centre.processEnv };
  await Promise.all([
    supervisor.start({ name: "worker", file: entry("server/worker.ts"), env: { ...common, WORKER_PORT: String(ports.worker) }, readyUrl: `http://127.0.0.1:${ports.worker}/health/ready` }),
    supervisor.start({ name: "gateway", file: entry("server/console/gateway.ts"), env: { ...common, CONSOLE_PORT: String(ports.gateway), PORTAL_ORIGINS: `${origin},http://localhost:${ports.web}` }, readyUrl: `http://127.0.0.1:${ports.gateway}/health` }),
    supervisor.start({
      name: "web",
      file: web.serverPath,
      env: { ...common, PORT: String(ports.web), HOSTNAME: "127.0.0.1", APP_DATABASE_URL: database.url.app, NEXTAUTH_URL: origin, NEXTAUTH_SECRET: settings.sessionSecret, CONSOLE_URL: `ws://127.0.0.1:${ports.gateway}` },
      readyUrl: `${origin}/api/health/ready`,
    }),
  ]);
  return { centre, database, origin, supervisor };
}

async function main(): Promise<number> {
  const options = await readOptions();
  const directory = options.data ?? join(root, ".data", options.hypervisor === "simulated" ? "demo-simulated" : "demo");
  mkdirSync(directory, { recursive: true });
  const settings = await loadSettings(directory);
  const recorder = new Recorder(say);
  say(`Berth demo on ${options.hypervisor === "libvirt" ? "real libvirt hosts" : "simulated hosts"}.`);

  let started: Started | null = null;
  const credentials = { tenant: { email: "owner@acme.test", password: settings.passwords.tenant }, operator: { email: "operator@berth.test", password: settings.passwords.operator } };
  await recorder.step("setup", "Postgres, hosts, build, three processes, seed", async () => {
    started = await start(options, directory, settings);
    return prepareFleet({ centre: started.centre, databaseUrl: started.database.url.owner, passwords: settings.passwords });
  });
  const ready = started as Started | null;
  if (ready && recorder.steps.every((step) => step.ok) && options.story) {
    const stage: Stage = { centre: ready.centre, origin: ready.origin, organization: "acme", tenant: new PortalClient(ready.origin), operator: new PortalClient(ready.origin), instanceId: "", others: [], lostHost: null };
    await playStory({ stage, recorder, credentials, databaseUrl: ready.database.url.owner });
  }
  const evidence = recorder.evidence(options.hypervisor);
  const held = options.story ? evidence.ok : recorder.steps.every((step) => step.ok);
  if (options.json) writeFileSync(options.json, `${JSON.stringify(evidence, null, 2)}\n`);
  say(held ? "Every step held." : `Not held: ${evidence.steps.filter((step) => !step.ok).map((step) => step.id).join(", ")}. Logs: ${join(relative(process.cwd(), directory), "processes")}/`);
  if (ready && !options.exit) {
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
