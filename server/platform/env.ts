import { z } from "zod";

const url = (what: string) => z.string({ error: `is missing: ${what}` }).regex(/^postgres(ql)?:\/\//, { error: `must start with postgres:// (${what})` });
const secret = (what: string) => z.string({ error: `is missing: ${what}` }).min(32, { error: `must have at least 32 characters (${what}); make one with: openssl rand -base64 48` });
const port = z.coerce.number().int().min(1).max(65535);

const common = { LOG_LEVEL: z.enum(["fatal", "error", "warn", "info", "debug", "trace", "silent"]).default("info") };

/** PEM files for hosts at tls:// addresses; all three or none (server/drivers/hypervisor/tls-files.ts reads them). */
const hypervisorTls = {
  HYPERVISOR_CA_FILE: z.string().optional(),
  HYPERVISOR_CERTIFICATE_FILE: z.string().optional(),
  HYPERVISOR_KEY_FILE: z.string().optional(),
};

/** Words separated by commas; empty when the variable is missing. */
const list = z.string().default("").transform((text) => text.split(",").map((part) => part.trim()).filter(Boolean));

/** With a mail server, messages to people leave by it; without one they are handed over by hand. */
const mailServer = { SMTP_URL: z.string().regex(/^smtps?:\/\//, { error: "must start with smtp:// or smtps:// (the mail server, with user and password where it wants them)" }).optional() };

export const webEnv = z.object({
  ...common,
  /** Only whether it is there: the worker sends. */
  ...mailServer,
  APP_DATABASE_URL: url("Postgres address of the role berth_app, which serves requests"),
  NEXTAUTH_URL: z.url({ error: "is missing or no address: how browsers reach the portal, e.g. https://portal.example" }),
  NEXTAUTH_SECRET: secret("signs session tokens"),
  CONSOLE_URL: z.url({ error: "is missing or no address: how browsers reach the console gateway, e.g. wss://console.example" }),
  METRICS_TOKEN: z.string().min(16).optional(),
  IMAGE_UPLOAD_DIRECTORY: z.string().default(".data/uploads"),
  /** Signing secrets of the endpoint /api/webhooks/stripe, several while they are rotated. */
  STRIPE_WEBHOOK_SECRETS: list,
});

export const workerEnv = z.object({
  ...common,
  ...mailServer,
  /** The sender of messages: `Berth <no-reply@portal.example>`. */
  MAIL_FROM: z.string().regex(/@/, { error: "is no mail address, like Berth <no-reply@portal.example>" }).optional(),
  ...hypervisorTls,
  WORKER_DATABASE_URL: url("Postgres address of the role berth_worker, which runs the loops"),
  WORKER_NAME: z.string().optional(),
  WORKER_PORT: port.default(4002),
  IMAGE_UPLOAD_DIRECTORY: z.string().default(".data/uploads"),
});

export const gatewayEnv = z.object({
  ...common,
  ...hypervisorTls,
  WORKER_DATABASE_URL: url("Postgres address of the role berth_worker"),
  CONSOLE_PORT: port.default(4001),
  CONSOLE_BIND_ADDRESS: z.string().default("127.0.0.1"),
  /** Needed to read /metrics from another machine. */
  METRICS_TOKEN: z.string().min(16).optional(),
  PORTAL_ORIGINS: z.string({ error: "is missing: origins of the portal, separated by commas, e.g. https://portal.example" }).transform((text) => text.split(",").map((origin) => origin.trim()).filter(Boolean)),
});

export class EnvError extends Error {
  override readonly name = "EnvError";
}

/** Reads and checks the variables of one process; the error names every missing or wrong one and what it is for. */
export function readEnv<T extends z.ZodObject>(schema: T, source: NodeJS.ProcessEnv = process.env): z.infer<T> {
  const result = schema.safeParse(source);
  if (result.success) return result.data;
  const lines = result.error.issues.map((issue) => `  ${issue.path.join(".")} ${issue.message}`);
  throw new EnvError(`The environment is not complete. Set these and start again:\n${lines.join("\n")}`);
}
