import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildWeb } from "../build-web";
import { prepareDatabase, type DemoDatabase } from "./database";
import type { DataCentre } from "./data-centre";
import { claimIdentity, labCentre, labDirectory } from "./lab-centre";
import { prepareFleet } from "./prepare-fleet";
import { loadSettings, type DemoSettings } from "./settings";
import { simulatedCentre, worldArguments } from "./simulated-centre";
import { startStripe } from "./start-stripe";
import { Supervisor } from "./supervisor";

export const root = fileURLToPath(new URL("../../..", import.meta.url));
const entry = (file: string): string => join(root, file);

export interface StartOptions {
  readonly hypervisor: "libvirt" | "simulated";
  /** Null: the default folder for the kind of hosts. */
  readonly data: string | null;
  readonly log: (line: string) => void;
}

/** Everything that was started, in order; ended in reverse, also when starting failed half-way. */
export class Running {
  private readonly ends: { readonly name: string; readonly end: () => Promise<void> }[] = [];

  private ending: Promise<void> | null = null;

  constructor(private readonly log: (line: string) => void) {}

  add(name: string, end: () => Promise<void>): void {
    this.ends.push({ name, end });
  }

  /** Safe to call twice: the second caller waits for the first one's work. */
  end(): Promise<void> {
    this.ending ??= this.endAll();
    return this.ending;
  }

  private async endAll(): Promise<void> {
    for (const { name, end } of this.ends.splice(0).toReversed()) {
      await end().catch((error: unknown) => this.log(`${name} did not end cleanly: ${error instanceof Error ? error.message : String(error)}`));
    }
  }
}

export interface Started {
  readonly centre: DataCentre;
  readonly database: DemoDatabase;
  readonly origin: string;
  readonly supervisor: Supervisor;
  readonly settings: DemoSettings;
  /** What the preparation found or made, in numbers. */
  readonly prepared: Record<string, unknown>;
}

/** The folder of a demo: the one that was named, or the default of its kind. */
export function dataFolder(options: Pick<StartOptions, "hypervisor" | "data">): string {
  return options.data ?? join(root, ".data", options.hypervisor === "simulated" ? "demo-simulated" : "demo");
}

/** Starts Postgres, hosts and the three processes, and fills what is missing. What was started is in `running`, whatever happens. */
export async function startDemo(options: StartOptions, running: Running): Promise<Started> {
  const { log } = options;
  const directory = dataFolder(options);
  mkdirSync(directory, { recursive: true });
  const settings = await loadSettings(directory);
  const { ports } = settings;
  const supervisor = new Supervisor(join(directory, "processes"));
  await supervisor.clearLeftovers();
  const database = await prepareDatabase(directory, settings);
  running.add("Postgres", () => database.stop());
  const centre: DataCentre =
    options.hypervisor === "simulated"
      ? simulatedCentre(ports.world)
      : labCentre({ ...(await claimIdentity(options.data, directory)), directory: labDirectory(directory), imageDirectory: join(root, ".data", "images"), log });
  running.add("the hosts", () => centre.down());
  running.add("web, worker and gateway", () => supervisor.stop());
  if (options.hypervisor === "simulated") {
    await supervisor.start({ name: "world", file: entry("server/drivers/hypervisor/simulated/main.ts"), args: worldArguments(ports.world), env: {}, readyUrl: `http://127.0.0.1:${ports.world}/health` });
  }
  // The build is the longest part and needs no host: both at once.
  const [web, hosts] = await Promise.all([buildWeb({ log }), centre.up()]);
  log(`${database.note}; ${hosts}; portal ${web.rebuilt ? "built" : "was built already"}`);
  const origin = `http://127.0.0.1:${ports.web}`;
  const stripe = await startStripe(supervisor, { directory, origin, settings });
  const common = { NODE_ENV: "production", WORKER_DATABASE_URL: database.url.worker, METRICS_TOKEN: settings.metricsToken, IMAGE_UPLOAD_DIRECTORY: join(directory, "uploads"), ...stripe.env, ...centre.processEnv };
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
  const prepared = await prepareFleet({ centre, databaseUrl: database.url.owner, passwords: settings.passwords });
  return { centre, database, origin, supervisor, settings, prepared: { ...prepared, payments: stripe.kind } };
}
