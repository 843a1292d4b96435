import { pino, type Logger } from "pino";

export type { Logger };

/** Never written to a log, wherever in an object they stand. */
const SECRET_FIELDS = ["password", "passwordHash", "token", "tokenHash", "secret", "ticket", "cookie", "authorization", "userData", "config", "key"];

/** Structured logs as JSON lines on standard output; secrets are cut out by field name. */
export function createLogger(options: { readonly process: string; readonly level?: string }): Logger {
  return pino({
    level: options.level ?? process.env["LOG_LEVEL"] ?? "info",
    base: { process: options.process, pid: process.pid },
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: { paths: SECRET_FIELDS.flatMap((field) => [field, `*.${field}`, `*.*.${field}`]), censor: "[redacted]" },
  });
}

/** For tests and command-line tools that speak for themselves. */
export const silentLogger: Logger = pino({ level: "silent" });
