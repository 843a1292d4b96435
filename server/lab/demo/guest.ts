import type { HypervisorDriver, HypervisorHost } from "@/server/drivers/hypervisor/types";
import { endpointOf, type DemoHost } from "./data-centre";

interface ExecStatus {
  readonly exited: boolean;
  readonly exitcode?: number;
  readonly "out-data"?: string;
  readonly "err-data"?: string;
}

/** How long a guest under software emulation may take for a short command. */
const COMMAND_TIMEOUT_MS = 20_000;

/** Looks inside a guest through its agent and its serial port, over the story's own connection to the host. */
export class Guest {
  private readonly host: HypervisorHost;

  constructor(driver: HypervisorDriver, host: DemoHost, private readonly instanceId: string) {
    this.host = driver.connect(endpointOf(host));
  }

  async ping(timeoutMs = 2_000): Promise<void> {
    await this.host.agentCommand(this.instanceId, "guest-ping", {}, { timeoutMs });
  }

  /** Runs one line in the guest's shell. @throws Error when it fails or does not end in time. */
  async run(line: string): Promise<string> {
    const { pid } = (await this.host.agentCommand(this.instanceId, "guest-exec", { path: "/bin/sh", arg: ["-c", line], "capture-output": true })) as { pid: number };
    const deadline = Date.now() + COMMAND_TIMEOUT_MS;
    for (;;) {
      const status = (await this.host.agentCommand(this.instanceId, "guest-exec-status", { pid })) as ExecStatus;
      if (status.exited) {
        const text = (data: string | undefined): string => Buffer.from(data ?? "", "base64").toString();
        if (status.exitcode !== 0) throw new Error(`"${line}" ended with ${status.exitcode} in the guest: ${text(status["err-data"])}`);
        return text(status["out-data"]).trim();
      }
      if (Date.now() > deadline) throw new Error(`"${line}" did not end within ${COMMAND_TIMEOUT_MS / 1000} s in the guest.`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** Reads the serial port until `marker` stands there, pressing Enter now and then. @throws Error after `timeoutMs`. */
  async waitForSerial(marker: string, timeoutMs: number): Promise<string> {
    const serial = await this.host.openSerial(this.instanceId);
    let text = "";
    try {
      return await new Promise((resolve, reject) => {
        const enter = setInterval(() => serial.write("\n"), 1_000);
        const timer = setTimeout(() => finish(new Error(`The serial console did not show "${marker}" within ${timeoutMs / 1000} s; its last words: ${text.slice(-200)}`)), timeoutMs);
        const finish = (error: Error | null): void => {
          clearInterval(enter);
          clearTimeout(timer);
          if (error) reject(error);
          else resolve(text.split("\n").find((line) => line.includes(marker))?.trim() ?? marker);
        };
        serial.on("data", (data: Buffer) => {
          text += data.toString();
          if (text.includes(marker)) finish(null);
        });
        serial.on("error", finish);
        serial.on("close", () => finish(new Error("The serial console was closed.")));
        serial.write("\n");
      });
    } finally {
      serial.removeAllListeners();
      serial.on("error", () => undefined);
      serial.destroy();
    }
  }

  async close(): Promise<void> {
    await this.host.close();
  }
}

/**
 * Writes numbered lines to the guest's disk, each flushed before the next, until stopped or until the guest is gone.
 * `acknowledged` is the last number whose flush the guest reported as done.
 */
export class DiskWriter {
  acknowledged = 0;
  private stopping = false;
  private readonly done: Promise<void>;

  constructor(private readonly guest: Guest, private readonly file: string) {
    this.done = this.loop();
  }

  async stop(): Promise<void> {
    this.stopping = true;
    await this.done;
  }

  private async loop(): Promise<void> {
    for (let number = 1; !this.stopping; number++) {
      try {
        await this.guest.run(`echo ${number} >> ${this.file} && sync`);
        this.acknowledged = number;
      } catch (error) {
        // The host lost its power: the write in flight was not acknowledged, and nothing more is.
        if (this.acknowledged === 0) throw error;
        return;
      }
    }
  }
}
