import { pino, stdSerializers, type Logger } from "pino";

export type { Logger };

/** Never written to a log, wherever in an object they stand. */
const SECRET_FIELDS = ["password", "passwordHash", "token", "tokenHash", "secret", "ticket", "cookie", "authorization", "userData", "config", "key"];

/** The query builder puts a statement's values (hashes, user-data) into its error's text; they end where the stack begins. */
const STATEMENT_VALUES = /\nparams: [\s\S]*?(?=\n {4}at |$)/g;

/** An error for the log: with its causes, without the values of the statement that failed. */
export function serializeError(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const { params: _, ...fields } = stdSerializers.err(error) as unknown as Record<string, unknown>;
  const causes: string[] = [];
  for (let cause: unknown = error.cause; cause instanceof Error && causes.length < 5; cause = cause.cause) causes.push(`${cause.name}: ${cause.message}`.replace(STATEMENT_VALUES, ""));
  return { ...fields, message: error.message.replace(STATEMENT_VALUES, ""), stack: error.stack?.replace(STATEMENT_VALUES, ""), ...(causes.length > 0 ? { causes } : {}), cause: undefined };
}

/** Structured logs as JSON lines on standard output; secrets are cut out by field name. */
export function createLogger(options: { readonly process: string; readonly level?: string }): Logger {
  return pino({
    level: options.level ?? process.env["LOG_LEVEL"] ?? "info",
    base: { process: options.process, pid: process.pid },
    timestamp: pino.stdTimeFunctions.isoTime,
    serializers: { err: serializeError },
    redact: { paths: SECRET_FIELDS.flatMap((field) => [field, `*.${field}`, `*.*.${field}`]), censor: "[redacted]" },
  });
}

/** For tests and command-line tools that speak for themselves. */
export const silentLogger: Logger = pino({ level: "silent" });
