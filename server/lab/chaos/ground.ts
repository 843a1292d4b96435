import { fork, type ChildProcess } from "node:child_process";
import { mkdirSync, openSync } from "node:fs";
import { join } from "node:path";
import { sql } from "drizzle-orm";
import { openDatabase } from "@/db/client";
import { systemClock } from "@/server/platform/clock";
import type { Context } from "@/server/platform/context";
import { silentLogger } from "@/server/platform/logger";
import { systemRandom } from "@/server/platform/random";
import { listAllFlavors } from "@/server/catalog";
import { listImages } from "@/server/compute";
import { findOrganization } from "@/server/tenancy";
import type { DataCentre } from "../demo/data-centre";
import { labCentre } from "../demo/lab-centre";
import { prepareFleet } from "../demo/prepare-fleet";
import { anyFreePort } from "../ports";
import { root, Running } from "../demo/start";
import { Supervisor } from "../demo/supervisor";
import { freeSubnetIndex, openLab, type Lab } from "../index";
import { waitUntil } from "../run-command";
import { readWatched, type Watched } from "./watch-journal";

export interface GroundOptions {
  /** Folder of everything that is kept meanwhile: the lab, logs, the journal. */
  readonly directory: string;
  readonly databaseUrls: { readonly owner: string; readonly app: string; readonly worker: string };
  readonly workers: number;
  readonly log: (line: string) => void;
}

/** A lab with a control plane on it, and the watcher that believes neither. */
export interface Ground {
  readonly lab: Lab;
  readonly centre: DataCentre;
  readonly hostNames: readonly string[];
  readonly tenant: Context;
  readonly provider: Context;
  readonly flavorId: string;
  readonly imageId: string;
  readonly workerNames: readonly string[];
  killWorker(name: string): boolean;
  watched(): Watched;
  rows<T extends Record<string, unknown>>(query: string): Promise<T[]>;
}

const entry = (file: string): string => join(root, file);
/** The watcher beats each second; a machine that does ten other things may be late. */
const WATCHER_STARTS_WITHIN_MS = 60_000;

/** Starts it all; what was started is in `running`, whatever happens. */
export async function openGround(options: GroundOptions, running: Running): Promise<Ground> {
  const { directory, databaseUrls, log } = options;
  mkdirSync(directory, { recursive: true });
  const subnetIndex = await freeSubnetIndex(60 + (process.pid % 40));
  const identity = { name: `chaos-${process.pid % 100_000}`, directory: join(directory, "lab"), subnetIndex };
  const lab = openLab({ ...identity, hostCount: 3 });
  const centre = labCentre({ ...identity, imageDirectory: join(root, ".data", "images"), log });
  running.add("the hosts", () => lab.down());
  log(await centre.up());
  const supervisor = new Supervisor(join(directory, "processes"));
  running.add("the workers", () => supervisor.stop());
  const workerNames = Array.from({ length: options.workers }, (_, index) => `worker-${index + 1}`);
  for (const name of workerNames) {
    const port = await anyFreePort();
    const env = { NODE_ENV: "production", WORKER_NAME: name, WORKER_DATABASE_URL: databaseUrls.worker, METRICS_TOKEN: "of-this-machine-only", IMAGE_UPLOAD_DIRECTORY: join(directory, "uploads"), WORKER_PORT: String(port), ...centre.processEnv };
    await supervisor.start({ name, file: entry("server/worker.ts"), env, readyUrl: `http://127.0.0.1:${port}/health/ready` });
  }
  await prepareFleet({ centre, databaseUrl: databaseUrls.owner, passwords: { postgres: "", app: "", worker: "", tenant: "only-for-this-run-1", operator: "only-for-this-run-2" } });
  const journal = join(directory, "watched.jsonl");
  const watcher = await startWatcher(journal, directory, lab);
  running.add("the watcher", () => endWatcher(watcher));
  const owner = openDatabase({ url: databaseUrls.owner, poolSize: 2, applicationName: "berth-chaos" });
  const app = openDatabase({ url: databaseUrls.app, poolSize: 4, applicationName: "berth-chaos" });
  running.add("connections", async () => {
    await Promise.all([owner.pool.end(), app.pool.end()]);
  });
  const provider: Context = { db: app, clock: systemClock, random: systemRandom, logger: silentLogger, requestId: "req_chaos", actor: { kind: "operator", id: "usr_chaos" }, scope: "provider", organizationId: null };
  const organization = await findOrganization(provider, "acme");
  if (!organization) throw new Error("The fleet was prepared without the organization acme.");
  const tenant: Context = { ...provider, actor: { kind: "user", id: "usr_chaos" }, scope: "tenant", organizationId: organization.id };
  const flavor = (await listAllFlavors(provider)).find((one) => one.name === "micro-1");
  const image = (await listImages(tenant)).find((one) => one.status === "available" && one.public);
  if (!flavor || !image) throw new Error("The catalog has no flavor micro-1 or no public image.");
  return {
    lab,
    centre,
    hostNames: lab.hosts.map((host) => host.name),
    tenant,
    provider,
    flavorId: flavor.id,
    imageId: image.id,
    workerNames,
    killWorker: (name) => {
      const pid = supervisor.pidOf(name);
      if (pid === null) return false;
      process.kill(pid, "SIGKILL");
      return true;
    },
    watched: () => readWatched(journal),
    rows: async <T extends Record<string, unknown>>(query: string) => (await owner.execute(sql.raw(query))).rows as T[],
  };
}

async function startWatcher(journal: string, directory: string, lab: Lab): Promise<ChildProcess> {
  const output = openSync(join(directory, "watcher.log"), "a");
  const hosts = lab.hosts.map((host) => `${host.name}=berth-${lab.options.name}-${host.name}`);
  const child = fork(entry("server/lab/chaos/watcher.ts"), [journal, ...hosts], { execArgv: ["--import", "tsx"], stdio: ["ignore", output, output, "ipc"], detached: true });
  await waitUntil(`the watcher looks (its log: ${directory}/watcher.log)`, WATCHER_STARTS_WITHIN_MS, () => readWatched(journal).looks > 0);
  return child;
}

async function endWatcher(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  child.kill("SIGTERM");
  await ended;
}
