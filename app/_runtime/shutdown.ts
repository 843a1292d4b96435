import { EnvError } from "@/server/platform/env";
import { runtime } from "./index";

/**
 * At the start of a web process: says what is missing from the environment before the first request does, and ends live
 * streams at the first signal to stop. Next itself stops listening then and lets requests in flight finish, but a stream
 * would keep it waiting for ever; browsers open theirs again at whoever answers next.
 */
export function startProcess(): void {
  try {
    const { logger, origin } = runtime();
    logger.info({ origin, node: process.version }, "web process started");
  } catch (error) {
    if (!(error instanceof EnvError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(1);
  }
  // A supervisor that is gone leaves nothing running: the loss of its channel is a signal to stop.
  if (process.channel) process.once("disconnect", () => process.kill(process.pid, "SIGTERM"));
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.once(signal, () => {
      const { logger } = runtime();
      logger.info({ signal }, "web process stops: no new streams, requests in flight finish");
      runtime().drain().catch((error: unknown) => logger.warn({ err: error }, "live streams did not end cleanly"));
    });
  }
}
