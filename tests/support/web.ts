import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildWeb } from "@/server/lab/build-web";
import { anyFreePort } from "@/server/lab/ports";

export interface RunningWeb {
  readonly origin: string;
  /** What the server wrote, for the message of a failing test. */
  readonly output: () => string;
  /** False when it did not end by itself when it was asked to, and was killed. */
  stop(): Promise<boolean>;
}

const READY_WITHIN_MS = 180_000;
/** Ending by itself takes a second or two; a busy machine takes longer, a hung server for ever. */
const END_WITHIN_MS = 30_000;

/** Starts the built portal on a port of its own over the given database (the address of the role berth_app). */
export async function startWeb(options: { readonly appDatabaseUrl: string; readonly consoleUrl?: string; readonly env?: Readonly<Record<string, string>> }): Promise<RunningWeb> {
  const { serverPath } = await buildWeb({ log: () => undefined });
  const port = await anyFreePort();
  const origin = `http://127.0.0.1:${port}`;
  const uploads = mkdtempSync(join(tmpdir(), "berth-uploads-"));
  const lines: string[] = [];
  const child = spawn(process.execPath, [serverPath], {
    env: {
      PATH: process.env["PATH"] ?? "", NODE_ENV: "production", PORT: String(port), HOSTNAME: "127.0.0.1", APP_DATABASE_URL: options.appDatabaseUrl, NEXTAUTH_URL: origin,
      NEXTAUTH_SECRET: "only-for-tests-only-for-tests-only-for-tests", CONSOLE_URL: options.consoleUrl ?? "ws://127.0.0.1:9", IMAGE_UPLOAD_DIRECTORY: uploads, LOG_LEVEL: "warn", NEXT_TELEMETRY_DISABLED: "1", ...options.env,
    },
  });
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (data: Buffer) => lines.push(data.toString()));
  const output = (): string => lines.join("").slice(-4_000);
  const stop = async (): Promise<boolean> => {
    const byItself = await end(child);
    rmSync(uploads, { recursive: true, force: true });
    return byItself;
  };
  try {
    await waitUntilReady(`${origin}/api/health/ready`, child, output);
  } catch (error) {
    await stop();
    throw error;
  }
  return { origin, output, stop };
}

async function waitUntilReady(url: string, child: ChildProcess, output: () => string): Promise<void> {
  const until = Date.now() + READY_WITHIN_MS;
  for (;;) {
    if (child.exitCode !== null) throw new Error(`The portal ended with code ${child.exitCode} before it was ready:\n${output()}`);
    const ok = await fetch(url, { signal: AbortSignal.timeout(5_000) }).then((response) => response.ok, () => false);
    if (ok) return;
    if (Date.now() > until) throw new Error(`The portal was not ready within ${READY_WITHIN_MS} ms:\n${output()}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** SIGTERM, and SIGKILL for one that does not end in time. */
async function end(child: ChildProcess): Promise<boolean> {
  if (child.exitCode !== null || child.signalCode !== null) return true;
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  child.kill("SIGTERM");
  const late = setTimeout(() => child.kill("SIGKILL"), END_WITHIN_MS);
  await ended;
  clearTimeout(late);
  return child.signalCode !== "SIGKILL";
}

/** Where Debian keeps its Chromium; null when it is not installed. The shell draws the same pages without a window for half of the processor time. */
export function chromiumPath(): string | null {
  return ["/usr/bin/chromium-headless-shell", "/usr/bin/chromium", "/usr/bin/chromium-browser"].find((path) => existsSync(path)) ?? null;
}
