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

export const webEnv = z.object({
  ...common,
  APP_DATABASE_URL: url("Postgres address of the role berth_app, which serves requests"),
  NEXTAUTH_URL: z.url({ error: "is missing or no address: how browsers reach the portal, e.g. https://portal.example" }),
  NEXTAUTH_SECRET: secret("signs session tokens"),
  CONSOLE_URL: z.url({ error: "is missing or no address: how browsers reach the console gateway, e.g. wss://console.example" }),
  METRICS_TOKEN: z.string().min(16).optional(),
  IMAGE_UPLOAD_DIRECTORY: z.string().default(".data/uploads"),
});

export const workerEnv = z.object({
  ...common,
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
