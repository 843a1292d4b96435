import { hostname } from "node:os";
import { openDatabase } from "@/db/client";
import { DriverError } from "@/server/drivers/errors";
import { createLibvirtDriver } from "@/server/drivers/hypervisor/libvirt";
import { simulatedDriver } from "@/server/drivers/hypervisor/simulated";
import { readTlsFiles } from "@/server/drivers/hypervisor/tls-files";
import type { HypervisorDriver } from "@/server/drivers/hypervisor/types";
import { systemClock } from "@/server/platform/clock";
import { EnvError, gatewayEnv, readEnv } from "@/server/platform/env";
import { createLogger } from "@/server/platform/logger";
import { systemRandom } from "@/server/platform/random";
import { startGateway } from "./server";

/** The console gateway as a process: reads the environment, wires the drivers, stops gracefully. */
async function main(): Promise<void> {
  const env = readEnv(gatewayEnv);
  const logger = createLogger({ process: "gateway", level: env.LOG_LEVEL });
  const db = openDatabase({ url: env.WORKER_DATABASE_URL, poolSize: 10, applicationName: "berth-gateway" });
  const gateway = await startGateway({
    db,
    databaseUrl: env.WORKER_DATABASE_URL,
    driverFor: driverByScheme(),
    tls: readTlsFiles(env),
    portalOrigins: env.PORTAL_ORIGINS,
    bindAddress: env.CONSOLE_BIND_ADDRESS,
    port: env.CONSOLE_PORT,
    name: `${hostname()}:${env.CONSOLE_PORT}`,
    clock: systemClock,
    random: systemRandom,
    logger,
    metricsToken: env.METRICS_TOKEN,
    processMetrics: true,
  });
  logger.info({ port: gateway.port, address: env.CONSOLE_BIND_ADDRESS, origins: env.PORTAL_ORIGINS }, "console gateway is ready");
  process.send?.({ ready: true, port: gateway.port });

  let stopping = false;
  const stop = (why: string): void => {
    if (stopping) return;
    stopping = true;
    logger.info({ why, sessions: gateway.openSessions() }, "console gateway stops");
    gateway
      .close()
      .then(() => db.pool.end())
      .then(
        () => process.exit(0),
        (error: unknown) => {
          logger.error({ error: String(error) }, "console gateway did not stop cleanly");
          process.exit(1);
        },
      );
  };
  process.on("SIGTERM", () => stop("SIGTERM"));
  process.on("SIGINT", () => stop("SIGINT"));
  if (process.channel) process.on("disconnect", () => stop("the supervisor is gone"));
}

/** The driver that speaks to an address; both are made once. */
function driverByScheme(): (uri: string) => HypervisorDriver {
  const libvirt = createLibvirtDriver();
  const simulated = simulatedDriver();
  return (uri) => {
    if (uri.startsWith("simulated://")) return simulated;
    if (/^(tcp|tls|unix):\/\//.test(uri)) return libvirt;
    throw new DriverError("invalid", `No hypervisor driver knows the address ${uri}.`);
  };
}

main().catch((error: unknown) => {
  process.stderr.write(error instanceof EnvError ? `${error.message}\n` : `The console gateway could not start: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exit(1);
});
