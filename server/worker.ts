import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { hostname } from "node:os";
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";
import { z } from "zod";
import { openDatabase } from "@/db/client";
import { dunningSchedule } from "@/server/billing";
import { createLibvirtDriver } from "@/server/drivers/hypervisor/libvirt";
import { simulatedDriver } from "@/server/drivers/hypervisor/simulated";
import { logMail } from "@/server/drivers/mail/log";
import { smtpMail } from "@/server/drivers/mail/smtp";
import type { MailDriver } from "@/server/drivers/mail/types";
import { StripePayments } from "@/server/drivers/payment/stripe";
import { ipmiPower } from "@/server/drivers/power/ipmi";
import { redfishPower } from "@/server/drivers/power/redfish";
import { simulatedPower } from "@/server/drivers/power/simulated";
import { updateSteps } from "@/server/drivers/update/run-step";
import { wolPower } from "@/server/drivers/power/wol";
import { systemClock } from "@/server/platform/clock";
import type { Context } from "@/server/platform/context";
import { EnvError, readEnv, workerEnv } from "@/server/platform/env";
import { mintId } from "@/server/platform/id";
import { createLogger, type Logger } from "@/server/platform/logger";
import { keepHeapSmall } from "@/server/platform/memory";
import { systemRandom } from "@/server/platform/random";
import { seedImage } from "@/server/platform/seed-image";
import { allLoops, Crew, Machines } from "@/server/reconcilers";

/** Loops beside each other, each with a few transactions at once; Postgres allows 100 to 200 connections in all. */
const POOL_SIZE = 16;
/** What is under way when the worker is told to stop may take this long; what takes longer is taken up by the next worker. */
const STOP_WITHIN_MS = 25_000;

const truth = z.enum(["true", "false"]).default("false").transform((text) => text === "true");
const env = workerEnv.extend({
  WORKER_BIND_ADDRESS: z.string().default("127.0.0.1"),
  /** `kvm` only where a stock kernel really boots under it. */
  LIBVIRT_ACCELERATOR: z.enum(["kvm", "emulation"]).default("emulation"),
  /** Folder of programs that operators may choose as update steps of hosts; without it only webhooks are run. */
  UPDATE_COMMANDS_DIRECTORY: z.string().optional(),
  LIBVIRT_MACHINE: z.string().default("q35"),
  LIBVIRT_SERIAL_LOG_DIRECTORY: z.string().optional(),
  LIBVIRT_UNSAFE_MIGRATION: truth,
  LIBVIRT_MIGRATION_TLS: truth,
  LIBVIRT_CPU_TUNING: z.enum(["cgroup", "none"]).default("cgroup"),
  /** PEM files for tls:// hosts. */
  LIBVIRT_CA_FILE: z.string().optional(),
  LIBVIRT_CERTIFICATE_FILE: z.string().optional(),
  LIBVIRT_KEY_FILE: z.string().optional(),
  /** Without a key invoices are issued and collected by nobody. */
  STRIPE_SECRET_KEY: z.string().min(8).optional(),
  /** Another address than Stripe's own: the simulated one. */
  STRIPE_API_BASE: z.url().optional(),
  /** Use as items of invoices alone, or by the hour to Billing Meters as well. */
  STRIPE_USAGE: z.enum(["invoice-items", "billing-meters"]).default("invoice-items"),
  STRIPE_REPLAY_SECONDS: z.coerce.number().int().min(1).max(86_400).default(300),
  DUNNING_SCHEDULE: dunningSchedule,
});

function paymentsOf(values: z.output<typeof env>) {
  const { STRIPE_SECRET_KEY: secretKey, STRIPE_API_BASE: apiBase } = values;
  const driver = secretKey ? new StripePayments({ secretKey, ...(apiBase ? { apiBase } : {}) }) : null;
  return { driver, dunning: values.DUNNING_SCHEDULE, usage: values.STRIPE_USAGE, replayMs: values.STRIPE_REPLAY_SECONDS * 1_000 };
}

function tlsOf(values: z.output<typeof env>) {
  const { LIBVIRT_CA_FILE: ca, LIBVIRT_CERTIFICATE_FILE: certificate, LIBVIRT_KEY_FILE: key } = values;
  if (!ca || !certificate || !key) return undefined;
  return { ca: readFileSync(ca, "utf8"), certificate: readFileSync(certificate, "utf8"), key: readFileSync(key, "utf8") };
}

/** The mail server of the environment; without one, messages are only noted. */
function mailOf(values: z.output<typeof env>, logger: Logger): MailDriver {
  if (values.SMTP_URL === undefined) return logMail(logger);
  if (values.MAIL_FROM === undefined) throw new EnvError("The environment is not complete. Set these and start again:\n  MAIL_FROM is missing: the sender of messages, since SMTP_URL names a mail server");
  return smtpMail({ url: values.SMTP_URL, from: values.MAIL_FROM });
}

/** What operators and dashboards read of a worker. */
function createMetrics() {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const labels = ["loop"] as const;
  const passes = new Counter({ name: "berth_loop_passes_total", help: "Passes of a loop", labelNames: ["loop", "outcome"], registers: [registry] });
  const seconds = new Histogram({ name: "berth_loop_pass_seconds", help: "Duration of a pass", labelNames: labels, buckets: [0.005, 0.02, 0.1, 0.5, 1.5, 5, 15], registers: [registry] });
  const backlog = new Gauge({ name: "berth_loop_backlog", help: "Things that the last pass left to do", labelNames: labels, registers: [registry] });
  const busy = new Gauge({ name: "berth_loop_tasks", help: "Pieces of work under way", labelNames: labels, registers: [registry] });
  return {
    registry,
    onPass: (pass: { readonly loop: string; readonly ok: boolean; readonly durationMs: number; readonly backlog: number; readonly busy: number }) => {
      passes.inc({ loop: pass.loop, outcome: pass.ok ? "ok" : "failed" });
      seconds.observe({ loop: pass.loop }, pass.durationMs / 1_000);
      backlog.set({ loop: pass.loop }, pass.backlog);
      busy.set({ loop: pass.loop }, pass.busy);
    },
  };
}

async function main(): Promise<void> {
  keepHeapSmall();
  const values = readEnv(env);
  const logger = createLogger({ process: "worker", level: values.LOG_LEVEL });
  const db = openDatabase({ url: values.WORKER_DATABASE_URL, poolSize: POOL_SIZE, applicationName: "berth-worker" });
  const source = { clock: systemClock, random: systemRandom };
  // Unlike the name, the id is of this run alone: a worker that is started again is another holder.
  const holder = `${values.WORKER_NAME ?? hostname()} ${mintId("worker", source)}`;
  const context: Context = { db, ...source, logger, requestId: mintId("request", source), actor: { kind: "system", id: "worker" }, scope: "worker", organizationId: null };
  const tls = tlsOf(values);
  const machines = new Machines({
    hypervisors: [
      createLibvirtDriver({
        accelerator: values.LIBVIRT_ACCELERATOR,
        machine: values.LIBVIRT_MACHINE,
        serialLogDirectory: values.LIBVIRT_SERIAL_LOG_DIRECTORY ?? null,
        unsafeMigration: values.LIBVIRT_UNSAFE_MIGRATION,
        migrationTls: values.LIBVIRT_MIGRATION_TLS,
        cpuTuning: values.LIBVIRT_CPU_TUNING,
      }),
      simulatedDriver(),
    ],
    updateSteps: updateSteps({ commandsDirectory: values.UPDATE_COMMANDS_DIRECTORY ?? null }),
    powers: [ipmiPower(), redfishPower(), wolPower(), simulatedPower()],
    ...(tls ? { tls } : {}),
  });
  const metrics = createMetrics();
  const crew = new Crew({ context, machines, loops: allLoops({ imageUploadDirectory: values.IMAGE_UPLOAD_DIRECTORY, mail: mailOf(values, logger), payments: paymentsOf(values) }), seedImage: ({ files }) => seedImage(files), holder, databaseUrl: values.WORKER_DATABASE_URL, onPass: metrics.onPass });

  let ready = false;
  let stopping = false;
  const server = createServer((request, response) => {
    const answer = (status: number, body: string, type = "text/plain; charset=utf-8"): void => void response.writeHead(status, { "content-type": type }).end(body);
    if (request.url === "/health/live") return answer(200, "live\n");
    if (request.url === "/health/ready") return answer(ready && !stopping ? 200 : 503, ready && !stopping ? "ready\n" : "not ready\n");
    if (request.url === "/metrics") return void metrics.registry.metrics().then((text) => answer(200, text, metrics.registry.contentType), () => answer(500, "no metrics\n"));
    return answer(404, "not found\n");
  });

  const stop = (why: string): void => {
    if (stopping) return;
    stopping = true;
    logger.info({ why }, "worker stops: what is under way ends, nothing new begins");
    const late = setTimeout(() => {
      logger.warn("what is under way took too long; the next worker takes it up");
      process.exit(1);
    }, STOP_WITHIN_MS);
    const end = async (): Promise<void> => {
      await crew.stop();
      await machines.close();
      await closeServer(server);
      await db.pool.end();
      clearTimeout(late);
      logger.info("worker stopped");
      process.exit(0);
    };
    end().catch((error: unknown) => {
      logger.error({ err: error }, "the worker could not stop in order");
      process.exit(1);
    });
  };
  process.on("SIGTERM", () => stop("SIGTERM"));
  process.on("SIGINT", () => stop("SIGINT"));
  process.on("disconnect", () => stop("the parent process is gone"));
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(values.WORKER_PORT, values.WORKER_BIND_ADDRESS, resolve));
  await crew.start();
  ready = true;
  logger.info({ holder, port: values.WORKER_PORT }, "worker runs");
}

function closeServer(server: Server): Promise<void> {
  server.closeIdleConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}

main().catch((error: unknown) => {
  // The environment's own words are for a person; anything else needs its stack.
  process.stderr.write(`${error instanceof EnvError ? error.message : error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exit(1);
});
