import { spawn } from "node:child_process";

export interface CommandResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CommandOptions {
  /** Standard input as a whole. */
  readonly input?: string;
  readonly timeoutMs?: number;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

/** Runs a program and resolves to its exit code and output, whatever the code; rejects when it could not run or hung. */
export async function tryCommand(program: string, args: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
  const timeoutMs = options.timeoutMs ?? 60_000;
  return await new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      stdio: ["pipe", "pipe", "pipe"],
      env: { ...process.env, LC_ALL: "C", ...options.env },
      cwd: options.cwd,
    });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    const timer = setTimeout(() => {
      child.kill("SIGKILL");
      reject(new Error(`"${program} ${args.join(" ")}" gave no result within ${timeoutMs} ms and was stopped.`));
    }, timeoutMs);
    child.stdout.on("data", (chunk: Buffer) => out.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => err.push(chunk));
    child.on("error", (cause: NodeJS.ErrnoException) => {
      clearTimeout(timer);
      reject(new Error(`"${program}" could not be run: ${cause.code === "ENOENT" ? "it is not installed" : cause.message}.`, { cause }));
    });
    child.on("close", (code) => {
      clearTimeout(timer);
      resolve({ code: code ?? 1, stdout: Buffer.concat(out).toString("utf8"), stderr: Buffer.concat(err).toString("utf8") });
    });
    // A program that ends without reading its input closes the pipe; its exit code says what happened.
    child.stdin.on("error", () => undefined);
    child.stdin.end(options.input ?? "");
  });
}

/** Like `tryCommand`, and rejects with the program's own words when it failed. Resolves to its standard output. */
export async function command(program: string, args: readonly string[], options: CommandOptions = {}): Promise<string> {
  const result = await tryCommand(program, args, options);
  if (result.code !== 0) {
    const words = (result.stderr.trim() || result.stdout.trim()).split("\n").slice(-6).join("\n");
    throw new Error(`"${program} ${args.join(" ")}" failed with code ${result.code}: ${words || "no output"}`);
  }
  return result.stdout;
}

/** Asks `probe` until it is true; rejects with `what` after `timeoutMs`. */
export async function waitUntil(what: string, timeoutMs: number, probe: () => Promise<boolean> | boolean, stepMs = 20): Promise<void> {
  const end = Date.now() + timeoutMs;
  while (!(await probe())) {
    if (Date.now() > end) throw new Error(`Waited ${timeoutMs} ms for this, in vain: ${what}.`);
    await new Promise((resolve) => setTimeout(resolve, stepMs));
  }
}
