import { spawn } from "node:child_process";
import { constants } from "node:fs";
import { access } from "node:fs/promises";
import path from "node:path";
import { DriverError } from "../errors";
import type { UpdateDriver, UpdateTarget } from "./types";

/** Of what a step says only the end is kept: that is where it says why. */
const OUTPUT_CHARACTERS = 4_000;
const NAME = /^[a-z0-9][a-z0-9._-]{0,63}$/;

/** Steps for real: an HTTP POST, or a program out of one folder that the installation names. Null: no programs. */
export function updateSteps(options: { readonly commandsDirectory: string | null }): UpdateDriver {
  return {
    async run(step, target, { timeoutMs, signal }) {
      const bound = AbortSignal.timeout(timeoutMs);
      const both = signal ? AbortSignal.any([bound, signal]) : bound;
      if (step.kind === "none") return { output: "" };
      if (step.kind === "webhook") return post(step.url, target, both, timeoutMs);
      return runCommand(step.command, options.commandsDirectory, target, both, timeoutMs);
    },
  };
}

async function post(url: string, target: UpdateTarget, signal: AbortSignal, timeoutMs: number): Promise<{ output: string }> {
  let answer: Response;
  let text: string;
  try {
    answer = await fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(target), signal, redirect: "error" });
    text = (await answer.text()).slice(-OUTPUT_CHARACTERS);
  } catch (cause) {
    if (signal.aborted) throw new DriverError("timeout", `${url} did not say within ${Math.round(timeoutMs / 1_000)} s that ${target.hostName} is updated.`, { url }, { cause });
    throw new DriverError("unreachable", `${url} could not be asked to update ${target.hostName}: ${cause instanceof Error ? cause.message : String(cause)}`, { url }, { cause });
  }
  if (!answer.ok) throw new DriverError("failed", `${url} answered ${answer.status} for ${target.hostName}: ${text}`, { url, status: answer.status });
  return { output: text };
}

async function runCommand(name: string, directory: string | null, target: UpdateTarget, signal: AbortSignal, timeoutMs: number): Promise<{ output: string }> {
  if (directory === null) throw new DriverError("unsupported", "This worker runs no update commands. Set UPDATE_COMMANDS_DIRECTORY to the folder that holds them, or use a webhook.");
  if (!NAME.test(name)) throw new DriverError("invalid", `"${name}" is no name of a command: letters a-z, digits, dot, dash and underscore, in the folder of update commands.`);
  const program = path.join(directory, name);
  try {
    await access(program, constants.X_OK);
  } catch (cause) {
    throw new DriverError("not-found", `There is no program ${name} in the folder of update commands (${directory}).`, {}, { cause });
  }
  return new Promise((resolve, reject) => {
    let output = "";
    // Nothing of the worker's own environment: it holds the way into the database.
    const env = { NODE_ENV: process.env.NODE_ENV, PATH: process.env["PATH"] ?? "", BERTH_UPDATE_ID: target.updateId, BERTH_HOST_ID: target.hostId, BERTH_HOST_NAME: target.hostName, BERTH_HOST_URI: target.uri, BERTH_HOST_ADDRESS: target.managementAddress };
    const child = spawn(program, [target.hostName], { env, stdio: ["ignore", "pipe", "pipe"], signal, killSignal: "SIGKILL" });
    const hear = (text: string): void => {
      output = (output + text).slice(-OUTPUT_CHARACTERS);
    };
    child.stdout.setEncoding("utf8").on("data", hear);
    child.stderr.setEncoding("utf8").on("data", hear);
    child.on("error", (cause) => reject(signal.aborted ? new DriverError("timeout", `${name} did not end for ${target.hostName} within ${Math.round(timeoutMs / 1_000)} s. ${output}`, {}, { cause }) : new DriverError("failed", `${name} could not be started: ${cause.message}`, {}, { cause })));
    child.on("close", (code) => (code === 0 ? resolve({ output }) : reject(new DriverError("failed", `${name} ended with ${code ?? "a signal"} for ${target.hostName}. ${output}`, { code }))));
  });
}
