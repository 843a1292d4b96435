import { DriverError } from "../../errors";
import type { CallOptions } from "../types";
import { agentCommand } from "./guest";
import type { HostLink } from "./link";

/** How a program in the guest ended. */
export interface GuestExit {
  readonly code: number;
  readonly output: Buffer;
  /** The beginning of what it complained of. */
  readonly said: string;
}

interface ExecStatus {
  readonly exited: boolean;
  readonly exitcode?: number;
  readonly "out-data"?: string;
  readonly "err-data"?: string;
}

/** What to run: a script of the guest's shell with its arguments, and what it reads. */
export interface GuestScript {
  /** Names it in errors. */
  readonly what: string;
  readonly script: string;
  readonly args: readonly string[];
  readonly input: Buffer | null;
  readonly timeoutMs: number;
  /** Between two looks whether it has ended. */
  readonly lookAgainMs: number;
}

/** Runs a script in the guest through its agent and waits for its end. @throws DriverError `timeout` when it goes on for longer than it may. */
export async function runInGuest(link: HostLink, instanceId: string, { what, script, args, input, timeoutMs, lookAgainMs }: GuestScript, options?: CallOptions): Promise<GuestExit> {
  const bound: CallOptions = { ...options, timeoutMs: options?.timeoutMs ?? timeoutMs };
  const { pid } = (await agentCommand(link, instanceId, "guest-exec", {
    path: "/bin/sh", arg: ["-c", script, "sh", ...args], "capture-output": true, ...(input === null ? {} : { "input-data": input.toString("base64") }),
  }, bound)) as { readonly pid: number };
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const status = (await agentCommand(link, instanceId, "guest-exec-status", { pid }, bound)) as ExecStatus;
    if (status.exited) return { code: status.exitcode ?? -1, output: Buffer.from(status["out-data"] ?? "", "base64"), said: Buffer.from(status["err-data"] ?? "", "base64").toString().slice(0, 500) };
    if (performance.now() > deadline) throw new DriverError("timeout", `${what} in the guest of "${instanceId}" did not end within ${timeoutMs} ms`, { instanceId });
    await new Promise((resolve) => setTimeout(resolve, lookAgainMs));
  }
}
