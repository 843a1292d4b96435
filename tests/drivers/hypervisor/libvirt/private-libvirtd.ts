import { execFile, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { accessSync, constants } from "node:fs";
import { chown, mkdtemp, rm } from "node:fs/promises";
import { connect } from "node:net";
import { delimiter, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import type { HostEndpoint } from "@/server/drivers/hypervisor/types";

const run = promisify(execFile);
/** Debian's `nobody`: libvirtd run by an ordinary user keeps to that user's folders and touches nothing of the machine. */
const NOBODY = 65_534;

function findProgram(name: string): string | null {
  for (const folder of [...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin"]) {
    try {
      accessSync(join(folder, name), constants.X_OK);
      return join(folder, name);
    } catch {
      continue;
    }
  }
  return null;
}

/** Why there can be no private libvirtd here; null when there can. */
export function reasonToSkip(): string | null {
  if (process.platform !== "linux") return "libvirtd runs on Linux only";
  const missing = ["libvirtd", "virsh"].filter((name) => findProgram(name) === null);
  return missing.length === 0 ? null : `${missing.join(" and ")} not installed (Debian: libvirt-daemon, libvirt-clients)`;
}

/** A libvirtd of our own with libvirt's built-in test hypervisor, on a unix socket in a temporary folder. */
export class PrivateLibvirtd {
  private child: ChildProcess | null = null;

  private constructor(private readonly folder: string) {}

  static async start(): Promise<PrivateLibvirtd> {
    // Short on purpose: socket paths end at 107 bytes.
    const folder = await mkdtemp("/tmp/berth-lv-");
    if (process.getuid?.() === 0) await chown(folder, NOBODY, NOBODY);
    const daemon = new PrivateLibvirtd(folder);
    await daemon.run();
    return daemon;
  }

  get socket(): string {
    return join(this.folder, "libvirt", "libvirt-sock");
  }

  get endpoint(): HostEndpoint {
    return { hostId: "hst_test", uri: `unix://${this.socket}?name=test:///default`, managementAddress: "127.0.0.1" };
  }

  async run(): Promise<void> {
    const child = spawn(findProgram("libvirtd") ?? "libvirtd", [], {
      ...(process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {}),
      cwd: "/",
      stdio: "ignore",
      env: { NODE_ENV: "test", PATH: process.env["PATH"], HOME: this.folder, XDG_RUNTIME_DIR: this.folder, XDG_CONFIG_HOME: join(this.folder, "config"), XDG_CACHE_HOME: join(this.folder, "cache"), XDG_DATA_HOME: join(this.folder, "data") },
    });
    this.child = child;
    for (let attempt = 0; attempt < 200; attempt += 1) {
      if (child.exitCode !== null) throw new Error(`libvirtd ended at once with code ${child.exitCode}`);
      if (await this.accepts()) return;
      await sleep(50);
    }
    throw new Error("libvirtd did not open its socket within 10 s");
  }

  private accepts(): Promise<boolean> {
    return new Promise((resolve) => {
      const socket = connect(this.socket);
      socket.once("connect", () => {
        socket.destroy();
        resolve(true);
      });
      socket.once("error", () => resolve(false));
    });
  }

  signal(name: "SIGSTOP" | "SIGCONT"): void {
    this.child?.kill(name);
  }

  async kill(): Promise<void> {
    const { child } = this;
    this.child = null;
    if (child === null || child.exitCode !== null) return;
    child.kill("SIGKILL");
    await once(child, "exit");
  }

  async stop(): Promise<void> {
    await this.kill();
    await rm(this.folder, { recursive: true, force: true });
  }

  /** The same question through libvirt's own client. */
  async virsh(...args: readonly string[]): Promise<string> {
    const { stdout } = await run("virsh", ["-q", "-c", `test+unix:///default?socket=${this.socket}`, ...args], { timeout: 60_000 });
    return stdout.trim();
  }
}
