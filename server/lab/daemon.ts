import { spawn } from "node:child_process";
import { openSync, closeSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { isAlive, readIdentity, startTicksOf } from "./processes";
import { waitUntil } from "./run-command";

/** Starts a program that outlives this process, or keeps the one that its identity file names. */
export async function startDaemon(
  identityFile: string,
  program: string,
  args: readonly string[],
  options: { readonly cwd: string; readonly env: Readonly<Record<string, string>>; readonly log: string },
): Promise<"kept" | "started"> {
  if (readIdentity(identityFile) !== null) return "kept";
  const log = openSync(options.log, "a");
  const child = spawn(program, args, { cwd: options.cwd, env: { ...process.env, ...options.env }, detached: true, stdio: ["ignore", log, log] });
  closeSync(log);
  await new Promise<void>((resolve, reject) => {
    child.once("spawn", resolve);
    child.once("error", (cause) => reject(new Error(`"${program}" could not be started: ${cause.message}`, { cause })));
  });
  child.unref();
  const ticks = child.pid === undefined ? null : startTicksOf(child.pid);
  if (child.pid === undefined || ticks === null) throw new Error(`"${program}" ended at once; its log: ${options.log}`);
  await writeFile(identityFile, `${child.pid} ${ticks}\n`);
  return "started";
}

/** Ends a program started by `startDaemon`: asks, then insists. */
export async function stopDaemon(identityFile: string): Promise<void> {
  const identity = readIdentity(identityFile);
  if (identity !== null) {
    process.kill(identity.pid, "SIGTERM");
    const gone = () => !isAlive(identity);
    await waitUntil("", 3_000, gone).catch(() => process.kill(identity.pid, "SIGKILL"));
    await waitUntil(`process ${identity.pid} ends after SIGKILL`, 10_000, gone);
  }
  await rm(identityFile, { force: true });
}
