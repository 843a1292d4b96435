import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openLab, registeredLabs, type Lab } from "@/server/lab";
import { claimIdentity, labIdentity } from "@/server/lab/demo/lab-centre";
import { forgetLab, registerLab } from "@/server/lab/registry";
import { waitUntil } from "@/server/lab/run-command";
import { throwAwayLab, whyNoLab } from "./throw-away-lab";

const reason = await whyNoLab();
const repository = fileURLToPath(new URL("../..", import.meta.url));

/** A machine without an operating system: its QEMU holds the disk, which is all that these tests need. */
const machine = (name: string) => `<domain type='qemu'><name>${name}</name><memory unit='MiB'>32</memory><vcpu>1</vcpu>
  <os><type arch='x86_64' machine='q35'>hvm</type></os><on_crash>destroy</on_crash>
  <devices><disk type='file' device='disk'><driver name='qemu' type='qcow2' cache='none'/><source file='/var/lib/libvirt/berth/shared.qcow2'/><target dev='vda' bus='virtio'/></disk></devices></domain>`;
const virsh = (host: Lab["hosts"][number], ...args: string[]) => spawnSync("virsh", ["-q", "-c", `qemu+tcp://${host.managementAddress}/system`, ...args], { encoding: "utf8", timeout: 60_000 });

describe.skipIf(reason !== null)(`lab${reason ? ` (skipped: ${reason})` : ""}`, () => {
  let lab: Lab;
  const answering = async (name: string) => (await lab.status()).hosts.find((host) => host.name === name)!.answering;
  const guests = async (name: string) => (await lab.status()).hosts.find((host) => host.name === name)!.guests;
  const startMachine = async (index: number, name: string) => {
    await lab.run(`h${index + 1}`, ["sh", "-c", `cat > /run/${name}.xml <<'X'\n${machine(name)}\nX`]);
    return lab.run(`h${index + 1}`, ["virsh", "-q", "create", `/run/${name}.xml`]);
  };

  beforeAll(async () => {
    lab = await throwAwayLab("lab", { hostCount: 2, tls: true });
    await lab.up();
  });
  afterAll(async () => {
    await lab.down();
    expect(await lab.leftovers()).toEqual([]);
    expect(existsSync(lab.options.directory)).toBe(false);
  });

  it("has hosts that answer, with an active pool and the anti-spoofing filter, each with its own identity", async () => {
    const uuids = new Set<string>();
    for (const host of lab.hosts) {
      expect(virsh(host, "pool-info", "berth").stdout).toMatch(/State:\s+running/);
      expect(virsh(host, "nwfilter-list").stdout).toMatch(/clean-traffic/);
      uuids.add(/<host>\s*<uuid>([^<]+)/.exec(virsh(host, "capabilities").stdout)?.[1] ?? "none");
    }
    expect(uuids.size).toBe(2);
    expect(uuids).not.toContain("none");
  });

  it("speaks TLS with its own authority, and turns strangers away", async () => {
    const { connect } = await import("node:tls");
    const [host] = lab.hosts;
    const attempt = (identity: { cert?: string; key?: string }) =>
      new Promise<number | null>((resolve) => {
        const socket = connect({ host: host!.managementAddress, port: 16514, ca: host!.tls!.ca, checkServerIdentity: () => undefined, ...identity });
        socket.once("data", (data) => { socket.destroy(); resolve(data[0] ?? null); });
        socket.once("error", () => resolve(null));
        socket.once("close", () => resolve(null));
      });
    // libvirt sends one byte of value 1 once it has accepted the client's certificate.
    expect(await attempt({ cert: host!.tls!.certificate, key: host!.tls!.key })).toBe(1);
    expect(await attempt({})).toBeNull();
  });

  it("partition cuts the network and nothing else; heal brings it back", async () => {
    await lab.partition("h1");
    expect(await answering("h1")).toBe(false);
    expect((await lab.status()).hosts[0]).toMatchObject({ power: "on", link: "partitioned" });
    expect(await lab.run("h1", ["virsh", "-q", "pool-list", "--name"])).toMatch(/berth/);
    await lab.heal("h1");
    await waitUntil("h1 answers again", 10_000, () => answering("h1"));
  });

  it("refuses a second start of a disk on another host, records the run, and lets it start after the power loss", async () => {
    spawnSync("qemu-img", ["create", "-q", "-f", "qcow2", `${lab.sharedPoolDirectory}/shared.qcow2`, "8M"]);
    const beforeMs = Date.now();
    await startMachine(0, "ins-a");
    expect(await guests("h1")).toEqual(["ins-a"]);
    // libvirt's own lock lies where every host sees it.
    expect(readdirSync(`${lab.options.directory}/shared/locks`).length).toBeGreaterThan(0);
    await expect(startMachine(1, "ins-a")).rejects.toThrow(/lock/i);
    await expect(lab.sleep("h1")).rejects.toThrow(/ins-a/);

    await lab.crash("h1");
    const crashedMs = Date.now();
    expect((await lab.status()).hosts[0]).toMatchObject({ power: "off", answering: false, guests: [] });
    await startMachine(1, "ins-a");
    // The refused start was a process too, for a tenth of a second: the record leaves nothing out, and may have caught it.
    const served = async () => (await lab.qemuProcesses()).filter((run) => run.endedAtMs === null || run.endedAtMs - run.startedAtMs > 700 || run.host === "h1").toSorted((a, b) => a.startedAtMs - b.startedAtMs);
    await waitUntil("both runs are recorded", 10_000, async () => (await served()).length === 2 && (await served())[0]!.endedAtMs !== null);
    const [first, second] = await served();
    expect(first).toMatchObject({ host: "h1", instance: "ins-a" });
    // The kernel counts start times in steps of 10 ms.
    expect(first!.startedAtMs).toBeGreaterThanOrEqual(beforeMs - 10);
    expect(first!.endedAtMs).not.toBeNull();
    expect(Math.abs(first!.endedAtMs! - crashedMs)).toBeLessThan(2_000);
    expect(second).toMatchObject({ host: "h2", endedAtMs: null });
    await lab.wake("h1");
    expect(await answering("h1")).toBe(true);
    virsh(lab.hosts[1]!, "destroy", "ins-a");
    await waitUntil("the end is recorded", 10_000, async () => (await lab.qemuProcesses()).every((run) => run.endedAtMs !== null));
  });

  it("starts libvirtd again when it was killed, and keeps the guests", async () => {
    await lab.wake("h1");
    await startMachine(0, "ins-b");
    await lab.run("h1", ["sh", "-c", "kill -9 $(cat /run/libvirtd.pid 2>/dev/null || cat /run/libvirt/libvirtd.pid)"]);
    await waitUntil("libvirtd is back and knows its guest", 30_000, () => virsh(lab.hosts[0]!, "list", "--name").stdout.trim() === "ins-b");
    virsh(lab.hosts[0]!, "destroy", "ins-b");
  });

  it("adopts what runs and repairs what does not", async () => {
    await lab.wake("h1");
    await lab.crash("h2");
    const pid = await lab.hostPid("h1");
    const again = openLab(lab.options);
    expect(await again.up()).toMatchObject({ adopted: ["h1"], started: ["h2"] });
    expect(await again.hostPid("h1")).toBe(pid);
    expect(await answering("h2")).toBe(true);
    expect(await again.up()).toMatchObject({ adopted: ["h1", "h2"], started: [] });
  });

  it("takes a lab apart that a killed process has left half started", async () => {
    const half = await throwAwayLab("half", { subnetIndex: 255 - (process.pid % 30) });
    const script = `import { openLab } from "./server/lab/index.ts"; void openLab(${JSON.stringify(half.options)}).up();`;
    const child = spawn(process.execPath, ["--import", "tsx", "--input-type=module", "-e", script], { cwd: repository, stdio: "ignore" });
    await waitUntil("the other process has started something", 30_000, async () => (await half.leftovers()).length > 2);
    child.kill("SIGKILL");
    await half.down();
    expect(await half.leftovers()).toEqual([]);
  });

  it("gives the lab of a folder another network where its own is taken, and keeps it there", async () => {
    const folder = mkdtempSync(join(tmpdir(), "berth-lab-"));
    const taken = new Set((await registeredLabs()).map((one) => one.subnetIndex));
    const data = Array.from({ length: 200 }, (_, n) => join(folder, String(n))).find((one) => !taken.has(labIdentity(one).subnetIndex))!;
    const own = labIdentity(data);
    const other = { name: `taken${process.pid % 10_000}`, directory: join(folder, "other"), hostCount: 1, subnetIndex: own.subnetIndex };
    try {
      expect(await claimIdentity(data, folder)).toEqual(own);
      await registerLab(other);
      const moved = await claimIdentity(data, folder);
      expect(moved).toEqual({ name: own.name, subnetIndex: expect.any(Number) });
      expect(moved.subnetIndex).not.toBe(own.subnetIndex);
      await forgetLab(other.name);
      expect(await claimIdentity(data, folder)).toEqual(moved);
    } finally {
      await forgetLab(other.name);
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it("refuses what cannot be", async () => {
    await expect(lab.crash("h9")).rejects.toThrow(/no host "h9"/);
    expect(() => openLab({ ...lab.options, name: "Not A Name" })).toThrow(/name/);
    await expect(openLab({ ...lab.options, name: "other" }).up()).rejects.toThrow(/Choose another subnet index/);
  });
});
