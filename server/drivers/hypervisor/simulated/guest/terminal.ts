import { guestIsUp } from "../process";
import type { WorldState } from "../state";
import type { DomainRecord, HostRecord } from "../types";
import { GuestMachine } from "./machine";
import { runShell } from "./shell";

const MAX_LINE = 1024;

/** What the guest has printed to its console since it started: firmware, kernel, and the boot marker. */
export function bootText(state: WorldState, domain: DomainRecord): string {
  const lines = ["SeaBIOS (simulated)"];
  if (domain.bootedAtMs === null) return `${[...lines, "No bootable device."].join("\r\n")}\r\n`;
  lines.push(
    "[    0.000000] Linux version 6.1.0-berth-simulated",
    `[    0.104211] smpboot: Allowing ${domain.spec.maxVcpus} CPUs, ${domain.spec.maxVcpus - domain.vcpus} hotplug CPUs`,
    `[    0.188340] Memory: ${domain.memoryMiB * 1024}K`,
    ...domain.spec.disks.map((disk) => `[    0.920113] virtio_blk: [${disk.target}] ${disk.volume}`),
  );
  if (guestIsUp(state, domain)) lines.push(`BERTH-BOOTED instance=${domain.spec.instanceId}`);
  return `${lines.join("\r\n")}\r\n`;
}

/** One console of the guest: echoes what is typed, runs a line at Enter. Shared by the serial port and the screen. */
export class Terminal {
  private line = "";
  private readonly machine: GuestMachine;

  constructor(
    private readonly state: WorldState,
    host: HostRecord,
    private readonly domain: DomainRecord,
    private readonly print: (text: string) => void,
  ) {
    this.machine = new GuestMachine(state, host, domain);
  }

  /** Prints what there is to see, and the rest of the boot when it comes. Returns the way to stop listening. */
  open(): () => void {
    this.print(bootText(this.state, this.domain));
    if (guestIsUp(this.state, this.domain)) {
      this.prompt();
      return () => undefined;
    }
    if (this.domain.bootedAtMs === null) return () => undefined;
    const { life } = this.domain;
    return this.state.clock.schedule(this.domain.bootedAtMs - this.state.clock.nowMs(), () => {
      if (this.domain.life !== life || this.domain.process !== "executing") return;
      this.print(`BERTH-BOOTED instance=${this.domain.spec.instanceId}\r\n`);
      this.prompt();
    });
  }

  type(text: string): void {
    if (!guestIsUp(this.state, this.domain)) return;
    for (const key of text) this.press(key);
  }

  private press(key: string): void {
    if (key === "\r" || key === "\n") {
      this.print("\r\n");
      const result = runShell(this.machine, this.line);
      this.line = "";
      this.print((result.stdout + result.stderr).replaceAll("\n", "\r\n"));
      this.prompt();
    } else if (key === "\u007f" || key === "\b") {
      if (this.line === "") return;
      this.line = this.line.slice(0, -1);
      this.print("\b \b");
    } else if (key === "\u0003") {
      this.line = "";
      this.print("^C\r\n");
      this.prompt();
    } else if (key >= " " && this.line.length < MAX_LINE) {
      this.line += key;
      this.print(key);
    }
  }

  private prompt(): void {
    this.print(`${this.machine.hostname}:~# `);
  }
}
