import { fork, type ChildProcess } from "node:child_process";
import { appendFileSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export interface ProcessSpec {
  readonly name: string;
  /** Absolute path of a .ts or .js entry point. */
  readonly file: string;
  readonly args?: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Answers 200 once the process can work. */
  readonly readyUrl: string;
}

interface Running {
  readonly spec: ProcessSpec;
  child: ChildProcess;
  restarts: number;
  startedAt: number;
}

/** Restart delays: 250 ms, doubled up to 10 s; a child that lived this long starts at 250 ms again. */
const FIRST_DELAY_MS = 250;
const LAST_DELAY_MS = 10_000;
const SETTLED_MS = 30_000;
/** A child that has not ended this long after SIGTERM is killed. */
const STOP_GRACE_MS = 15_000;

/**
 * Keeps a few child processes running: restarts what dies, stops in reverse order. Children see the loss of this
 * process as `disconnect` and end by themselves, so that a killed supervisor leaves nothing running.
 */
export class Supervisor {
  private readonly running: Running[] = [];
  private stopping = false;
  private readonly pidFile: string;

  constructor(private readonly directory: string) {
    mkdirSync(directory, { recursive: true });
    this.pidFile = join(directory, "children.json");
  }

  /** Ends children of an earlier supervisor that was killed and whose children have not noticed yet. */
  async clearLeftovers(): Promise<void> {
    if (!existsSync(this.pidFile)) return;
    const earlier = JSON.parse(readFileSync(this.pidFile, "utf8")) as { pid: number; file: string }[];
    const alive = earlier.filter(({ pid, file }) => commandLine(pid).includes(file));
    for (const { pid } of alive) process.kill(pid, "SIGTERM");
    const deadline = Date.now() + STOP_GRACE_MS;
    while (alive.some(({ pid, file }) => commandLine(pid).includes(file))) {
      if (Date.now() > deadline) for (const { pid, file } of alive) if (commandLine(pid).includes(file)) process.kill(pid, "SIGKILL");
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    rmSync(this.pidFile);
  }

  /** Starts one process and waits until it is ready. @throws Error with the end of its log when it is not within `timeoutMs`. */
  async start(spec: ProcessSpec, timeoutMs = 60_000): Promise<void> {
    const entry: Running = { spec, child: this.spawn(spec), restarts: 0, startedAt: Date.now() };
    this.running.push(entry);
    this.watch(entry);
    this.notePids();
    const deadline = Date.now() + timeoutMs;
    for (;;) {
      const answer = await fetch(spec.readyUrl, { signal: AbortSignal.timeout(2_000) }).then((response) => response.ok, () => false);
      if (answer) return;
      if (Date.now() > deadline) throw new Error(`${spec.name} is not ready after ${timeoutMs / 1000} s (${spec.readyUrl}). The end of its log:\n${this.logTail(spec.name)}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  /** Stops everything, last started first; each gets its grace. */
  async stop(): Promise<void> {
    this.stopping = true;
    for (const entry of this.running.toReversed()) {
      const { child } = entry;
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
      child.kill("SIGTERM");
      const timer = setTimeout(() => child.kill("SIGKILL"), STOP_GRACE_MS);
      await ended;
      clearTimeout(timer);
    }
    this.running.length = 0;
    rmSync(this.pidFile, { force: true });
  }

  /** Process id of a child that runs now; null while it is down between two lives. */
  pidOf(name: string): number | null {
    const child = this.running.find((entry) => entry.spec.name === name)?.child;
    return child?.pid !== undefined && child.exitCode === null && child.signalCode === null ? child.pid : null;
  }

  logTail(name: string): string {
    const file = this.logFile(name);
    return existsSync(file) ? readFileSync(file, "utf8").split("\n").slice(-15).join("\n") : "(no log)";
  }

  private logFile(name: string): string {
    return join(this.directory, `${name}.log`);
  }

  private spawn(spec: ProcessSpec): ChildProcess {
    const log = openSync(this.logFile(spec.name), "a");
    return fork(spec.file, [...(spec.args ?? [])], {
      execArgv: spec.file.endsWith(".ts") ? ["--import", "tsx"] : [],
      env: { ...process.env, ...spec.env },
      stdio: ["ignore", log, log, "ipc"],
      // An own process group: Ctrl-C reaches the supervisor only, which then stops its children in order.
      detached: true,
    });
  }

  private watch(entry: Running): void {
    entry.child.once("exit", (code, signal) => {
      if (this.stopping) return;
      if (Date.now() - entry.startedAt > SETTLED_MS) entry.restarts = 0;
      const delay = Math.min(FIRST_DELAY_MS * 2 ** entry.restarts++, LAST_DELAY_MS);
      appendFileSync(this.logFile(entry.spec.name), `${JSON.stringify({ supervisor: "restarting", code, signal, delayMs: delay })}\n`);
      setTimeout(() => {
        if (this.stopping) return;
        entry.child = this.spawn(entry.spec);
        entry.startedAt = Date.now();
        this.watch(entry);
        this.notePids();
      }, delay);
    });
  }

  private notePids(): void {
    writeFileSync(this.pidFile, JSON.stringify(this.running.map(({ child, spec }) => ({ pid: child.pid, file: spec.file }))));
  }
}

function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8");
  } catch {
    return "";
  }
}
