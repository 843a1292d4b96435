import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createLibvirtDriver, type LibvirtDriver, type LibvirtHost } from "@/server/drivers/hypervisor/libvirt";
import type { BootSpec, DomainSpec, HostEndpoint } from "@/server/drivers/hypervisor/types";
import { freeSubnetIndex, type Lab, labSupport, openLab } from "@/server/lab";
import { buildTinyImage, type TinyImage } from "@/server/lab/image";
import { type ContractWorld, eventually, hypervisorContract } from "./contract";

const run = promisify(execFile);
const support = await labSupport();
const title = "libvirt hosts in the lab";
const data = resolve(".data");
/** A small guest under emulation, on a machine that may be busy with other tests. */
const BOOT_MS = 60_000;
const MEMORY_MIB = 128;
const TIGHT_MIB = 24;

let lab: Lab;
let image: TinyImage;

/** One lab for the whole file, opened by whoever comes first and closed after the last. */
async function openWorldLab(): Promise<void> {
  image = await buildTinyImage({ directory: join(data, "images") });
  lab = openLab({ name: `drv${randomBytes(2).toString("hex")}`, directory: await mkdtemp(join(tmpdir(), "berth-lab-")), hostCount: 2, subnetIndex: await freeSubnetIndex(), tls: true });
  await lab.up();
  await lab.installVolumes([
    { from: image.kernelPath, name: "vmlinuz" },
    { from: image.initrdPath, name: "initrd" },
    { from: image.rootVolumePath, name: "tiny.qcow2" },
  ]);
}

function endpoint(name: string): HostEndpoint {
  const host = lab.hosts.find((each) => each.name === name)!;
  return { hostId: `hst_${name}`, uri: host.uri, managementAddress: host.managementAddress };
}

function secureEndpoint(name: string): HostEndpoint {
  const host = lab.hosts.find((each) => each.name === name)!;
  return { hostId: `hst_${name}`, uri: host.tls!.uri, managementAddress: host.managementAddress, tls: host.tls! };
}

// The lab's shared storage is a directory of this machine, which libvirt cannot know to be shared.
const driver: LibvirtDriver = createLibvirtDriver({ unsafeMigration: true, keepalive: { intervalMs: 500, count: 3 } });

function boot(): BootSpec {
  const { path } = lab.hosts[0]!.pool;
  return { kind: "kernel", kernelPath: join(path, "vmlinuz"), initrdPath: join(path, "initrd"), commandLine: `${image.commandLine} berth.instance={id}` };
}

/** A small file system in the first host's own mounts: it goes when the host does. */
async function tightStorage(): Promise<ContractWorld["tight"]> {
  const directory = join(lab.options.directory, "tight");
  const ballast = join(directory, "ballast");
  await lab.run("h1", ["mkdir", "-p", directory]);
  if (!(await lab.run("h1", ["cat", "/proc/mounts"])).includes(` ${directory} `)) await lab.run("h1", ["mount", "-t", "tmpfs", "-o", `size=${TIGHT_MIB}m`, "tight", directory]);
  const host = driver.connect(endpoint("h1"));
  await host.ensureDirectoryPool("tight", directory);
  await host.close();
  return {
    pool: "tight",
    // dd takes what there is, and says that it was not all that it wanted.
    fill: async () => void (await lab.run("h1", ["sh", "-c", `dd if=/dev/zero of=${ballast} bs=64k 2>/dev/null || true`])),
    free: async () => void (await lab.run("h1", ["rm", ballast])),
    guestWrites: "dd if=/dev/urandom of=/dev/vdb bs=1M count=4; sync",
    virsh: (...args) => lab.run("h1", ["virsh", ...args]),
  };
}

async function world(): Promise<ContractWorld> {
  const [first] = lab.hosts;
  return {
    driver,
    hosts: [endpoint("h1"), endpoint("h2")],
    pool: first!.pool.name,
    boot: boot(),
    base: { volume: "tiny.qcow2", format: "qcow2", capacityMiB: image.rootSizeMiB },
    cpuModel: "qemu64",
    bridge: first!.bridge,
    memoryMiB: MEMORY_MIB,
    bootMs: BOOT_MS,
    tight: await tightStorage(),
    deadEndpoint: { hostId: "hst_nobody", uri: endpoint("h1").uri.replace(/\.11:/, ".99:"), managementAddress: "127.0.0.1" },
    close: async () => undefined,
  };
}

if (!support.available) {
  describe.skip(`${title} (skipped: ${support.reason})`, () => {
    it("needs a machine that can run the lab", () => undefined);
  });
} else {
  describe(title, () => {
    beforeAll(openWorldLab, 300_000);
    afterAll(async () => {
      const { directory } = lab.options;
      await lab.down();
      expect(await lab.leftovers()).toEqual([]);
      await rm(directory, { recursive: true, force: true });
    });

    hypervisorContract("libvirt", world);

    describe("when things break", { timeout: 90_000 }, () => {
      let host: LibvirtHost;
      const spec = (): DomainSpec => ({
        instanceId: "ins_break", uuid: "0b7e2a4c-6f0a-4c4e-8d59-3d1f2a1be002", title: "<b>&", epoch: 1, vcpus: 1, maxVcpus: 1, memoryMiB: MEMORY_MIB, maxMemoryMiB: MEMORY_MIB,
        cpu: { model: "qemu64", shares: 200, limitMillicores: 900 },
        boot: { kind: "kernel", kernelPath: join(lab.hosts[0]!.pool.path, "vmlinuz"), initrdPath: join(lab.hosts[0]!.pool.path, "initrd"), commandLine: image.commandLine },
        disks: [{ target: "vda", pool: "berth", volume: "break-root", format: "qcow2", readOnly: false }],
        nics: [{ macAddress: "52:54:00:be:ef:01", bridge: lab.hosts[0]!.bridge, ipAddress: lab.guestAddresses.first, onlyWithin: null }],
      });
      const state = async (on = host) => (await on.observe()).domains.find((domain) => domain.instanceId === "ins_break");

      beforeAll(async () => {
        host = driver.connect(endpoint("h1"));
        await host.ensureVolume({ pool: "berth", name: "break-root", format: "qcow2", capacityMiB: image.rootSizeMiB, backing: { volume: "tiny.qcow2", format: "qcow2" } });
        await host.startDomain(spec());
      });
      afterAll(async () => {
        await host.close();
      });

      it("knows the machine's whole memory", async () => {
        const total = /total +: +(\d+) KiB/.exec(await lab.run("h1", ["virsh", "-q", "nodememstats"]))?.[1];
        // Memory may be plugged into the machine between the two questions.
        expect((await host.facts()).memoryMiB / (Number(total) / 1024)).toBeCloseTo(1, 1);
      });

      it("holds the guest to its address, shares and cap", async () => {
        const xml = await lab.run("h1", ["virsh", "-q", "dumpxml", "ins_break"]);
        expect(xml).toContain("filter='berth-address-1'");
        expect(xml).toContain("<global_quota>90000</global_quota>");
        expect(xml).toContain("<title>&lt;b&gt;&amp;</title>");
        const rules = await lab.run("h1", ["ebtables", "-t", "nat", "-L"]);
        expect(rules).toContain(`--ip-src ${lab.guestAddresses.first} -j ACCEPT`);
      });

      it("observes the host although one QEMU hangs", async () => {
        const before = await state();
        await lab.run("h1", ["sh", "-c", "kill -STOP $(cat /run/libvirt/qemu/ins_break.pid)"]);
        try {
          // The first look finds it, with half of its bound; the next ones know it, and are quicker.
          const firstBegan = performance.now();
          expect(await state()).toMatchObject({ state: "running", epoch: 1 });
          const firstMs = performance.now() - firstBegan;
          const began = performance.now();
          expect(await state()).toMatchObject({ state: "running", epoch: 1 });
          expect(performance.now() - began).toBeLessThan(firstMs);
          expect(await host.ping()).toBeLessThan(10_000);
          await expect(host.agentCommand("ins_break", "guest-ping", {}, { timeoutMs: 1_000 })).rejects.toMatchObject({ name: "DriverError" });
        } finally {
          await lab.run("h1", ["sh", "-c", "kill -CONT $(cat /run/libvirt/qemu/ins_break.pid)"]);
        }
        await eventually(10_000, "processor time", async () => ((await state())?.cpuTimeNs ?? 0n) > (before?.cpuTimeNs ?? 0n));
      });

      it("says crashed when QEMU dies", async () => {
        const seen: string[] = [];
        const stop = host.watch((event) => seen.push(`${event.kind} ${event.reason}`), () => undefined);
        await host.ping();
        await lab.run("h1", ["sh", "-c", "kill -9 $(cat /run/libvirt/qemu/ins_break.pid)"]);
        await eventually(5_000, "the crash", async () => (await state())?.state === "crashed");
        expect(await state()).toMatchObject({ state: "crashed", reason: "crashed", epoch: 1 });
        await eventually(2_000, "the event", async () => seen.includes("crashed crashed"));
        stop();
      });

      it("loses nothing but the connection when libvirtd is killed", async () => {
        await host.startDomain({ ...spec(), epoch: 2 });
        const before = await state();
        let again = 0;
        const stop = host.watch(() => undefined, () => {
          again += 1;
        });
        await host.ping();
        await lab.run("h1", ["sh", "-c", "kill -9 $(pidof libvirtd)"]);
        await expect(host.observe()).rejects.toMatchObject({ code: "unreachable" });
        await eventually(15_000, "the new connection", async () => again > 0);
        const after = await state();
        expect(after).toMatchObject({ state: "running", epoch: 2 });
        expect(after!.cpuTimeNs >= before!.cpuTimeNs).toBe(true);
        stop();
      });

      it("gives up on a host behind a pulled cable in bounded time, and its guest goes on", async () => {
        await host.ping();
        const began = performance.now();
        await lab.partition("h1");
        const serial = host.observe({ timeoutMs: 2_000 }).catch((error: unknown) => error);
        expect(["timeout", "unreachable"]).toContain(((await serial) as { code: string }).code);
        expect(performance.now() - began).toBeLessThan(30_000);
        // The disk is still held by the guest behind the cable.
        const other = driver.connect(endpoint("h2"));
        await expect(other.startDomain({ ...spec(), epoch: 3 })).rejects.toMatchObject({ code: "locked" });
        await other.close();
        await lab.heal("h1");
        await eventually(15_000, "the host", async () => host.ping().then(() => true, () => false));
        expect(await state()).toMatchObject({ state: "running", epoch: 2 });
      });

      it("starts elsewhere after a power loss", async () => {
        await lab.crash("h1");
        await expect(host.ping()).rejects.toMatchObject({ code: "unreachable" });
        const other = driver.connect(endpoint("h2"));
        const began = performance.now();
        await other.startDomain({ ...spec(), epoch: 3 });
        console.log(`start on another host after a power loss: ${Math.round(performance.now() - began)} ms`);
        expect(await state(other)).toMatchObject({ state: "running", epoch: 3 });
        await lab.wake("h1");
        // The returned host still has its old definition, off, and it cannot be started.
        await eventually(10_000, "the returned host", async () => host.ping().then(() => true, () => false));
        expect(await state()).toMatchObject({ state: "stopped", epoch: 2 });
        await expect(host.startDomain({ ...spec(), epoch: 4 })).rejects.toMatchObject({ code: "locked" });
        expect(await host.removeDomain("ins_break")).toBe(true);
        await other.stopDomain("ins_break", "destroy");
        await other.removeDomain("ins_break");
        expect(await other.deleteVolume("berth", "break-root")).toBe(true);
        await other.close();
      });
    });

    describe("private networks", { timeout: 90_000 }, () => {
      const BLUE = "10.99.1.0/24";
      const RED = "10.99.2.0/24";
      const SHARED = "10.99.9.3";
      const machine = (n: number, nics: readonly (readonly [string, string | null])[]): DomainSpec => ({
        instanceId: `ins_wall${n}`, uuid: `0b7e2a4c-6f0a-4c4e-8d59-3d1f2a1be01${n}`, title: `wall${n}`, epoch: 1, vcpus: 1, maxVcpus: 1, memoryMiB: MEMORY_MIB, maxMemoryMiB: MEMORY_MIB,
        cpu: { model: "qemu64", shares: 1024, limitMillicores: null }, boot: boot(),
        disks: [{ target: "vda", pool: "berth", volume: `wall${n}-root`, format: "qcow2", readOnly: false }],
        nics: nics.map(([ipAddress, onlyWithin], index) => ({ macAddress: `52:54:00:be:0${n}:0${index}`, bridge: lab.hosts[0]!.bridge, ipAddress, onlyWithin })),
      });

      it("lets machines of one reach each other on other hosts, and nobody else either way, also after a move", async () => {
        const [first, second] = [driver.connect(endpoint("h1")), driver.connect(endpoint("h2"))];
        // The second one has a leg in each: what its other legs cannot hear, no machine of theirs could.
        const specs = [machine(1, [["10.99.1.2", BLUE]]), machine(2, [["10.99.1.3", BLUE], ["10.99.2.3", RED], [SHARED, null]])] as const;
        await Promise.all([first, second].map(async (host, n) => {
          await host.ensureVolume({ pool: "berth", name: `wall${n + 1}-root`, format: "qcow2", capacityMiB: image.rootSizeMiB, backing: { volume: "tiny.qcow2", format: "qcow2" } });
          await host.startDomain(specs[n]!);
        }));
        const shell = async (host: LibvirtHost, instanceId: string, line: string): Promise<number> => {
          const { pid } = (await host.agentCommand(instanceId, "guest-exec", { path: "/bin/sh", arg: ["-c", line] })) as { pid: number };
          let exitcode: number | undefined;
          await eventually(BOOT_MS, line, async () => {
            const answer = (await host.agentCommand(instanceId, "guest-exec-status", { pid })) as { exited: boolean; exitcode?: number };
            exitcode = answer.exited ? (answer.exitcode ?? -1) : undefined;
            return answer.exited;
          });
          return exitcode ?? -1;
        };
        const up = (host: LibvirtHost, id: string): Promise<unknown> => eventually(BOOT_MS, `${id} is up`, async () => host.agentCommand(id, "guest-ping", {}).then(() => true, () => false));
        await Promise.all([up(first, "ins_wall1"), up(second, "ins_wall2")]);
        // Each leg answers for itself, as if it were a machine of its own: what is asked by one goes back by that one.
        const legs = ["10.99.1.3", "10.99.2.3", SHARED].map((ip, n) => `ip link set eth${n} up; ip addr add ${ip}/24 dev eth${n}; echo 2 > /proc/sys/net/ipv4/conf/eth${n}/arp_announce; echo 1 > /proc/sys/net/ipv4/conf/eth${n}/arp_ignore; ip rule add from ${ip} table ${n + 10}; ip route add 10.99.1.0/24 dev eth${n} table ${n + 10}`);
        await shell(second, "ins_wall2", legs.join("; "));
        await shell(first, "ins_wall1", "ip link set eth0 up; ip addr add 10.99.1.2/24 dev eth0; ip route add 10.99.2.0/24 dev eth0; ip route add 10.99.9.0/24 dev eth0");
        const reaches = async (on: LibvirtHost, id: string, how: string): Promise<boolean> => (await shell(on, id, `ping -c 1 -W 3 ${how}`)) === 0;
        const walls = async (on: LibvirtHost): Promise<void> => {
          await eventually(BOOT_MS, "the same network", () => reaches(on, "ins_wall1", "10.99.1.3"));
          // Out of the back, twice, and in by the front: from a leg that may send to anybody.
          expect(await Promise.all([reaches(on, "ins_wall1", "10.99.2.3"), reaches(on, "ins_wall1", SHARED), reaches(second, "ins_wall2", "-I eth2 10.99.1.2")])).toEqual([false, false, false]);
        };
        await walls(first);
        await first.migrate({ instanceId: "ins_wall1", epoch: 1, to: endpoint("h2"), bandwidthMiBs: 0, maxDowntimeMs: 500, timeoutMs: 60_000, mode: "precopy" });
        await walls(second);
        for (const n of [1, 2]) {
          await second.stopDomain(`ins_wall${n}`, "destroy");
          await second.removeDomain(`ins_wall${n}`);
          await second.deleteVolume("berth", `wall${n}-root`);
        }
        await first.close();
        await second.close();
      });
    });

    describe("over TLS", { timeout: 90_000 }, () => {
      it("works with certificates of one authority, and moves a guest between such hosts", async () => {
        const [first, second] = [driver.connect(secureEndpoint("h1")), driver.connect(secureEndpoint("h2"))];
        await first.ensureVolume({ pool: "berth", name: "tls-root", format: "qcow2", capacityMiB: image.rootSizeMiB, backing: { volume: "tiny.qcow2", format: "qcow2" } });
        const { instanceId, ...spec } = {
          instanceId: "ins_tls", uuid: "0b7e2a4c-6f0a-4c4e-8d59-3d1f2a1be003", title: "tls", epoch: 1, vcpus: 1, maxVcpus: 1, memoryMiB: MEMORY_MIB, maxMemoryMiB: MEMORY_MIB,
          cpu: { model: "qemu64", shares: 1024, limitMillicores: null }, nics: [],
        };
        await first.startDomain({ instanceId, ...spec, boot: boot(), disks: [{ target: "vda", pool: "berth", volume: "tls-root", format: "qcow2", readOnly: false }] });
        const moved = await first.migrate({ instanceId, epoch: 1, to: secureEndpoint("h2"), bandwidthMiBs: 0, maxDowntimeMs: 500, timeoutMs: 60_000, mode: "precopy" });
        expect(moved.downtimeMs).not.toBeNull();
        expect((await second.observe()).domains.map((domain) => [domain.instanceId, domain.state])).toEqual([[instanceId, "running"]]);
        await second.stopDomain(instanceId, "destroy");
        await second.removeDomain(instanceId);
        await second.deleteVolume("berth", "tls-root");
        await first.close();
        await second.close();
      });

      it("names whose certificate is not accepted", async () => {
        const folder = await mkdtemp(join(tmpdir(), "berth-tls-"));
        await run("openssl", ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", "/CN=stranger", "-keyout", join(folder, "key"), "-out", join(folder, "crt")]);
        const stranger = { certificate: await readFile(join(folder, "crt"), "utf8"), key: await readFile(join(folder, "key"), "utf8") };
        await rm(folder, { recursive: true });
        const good = secureEndpoint("h1");
        const tls = good.tls!;
        const failure = async (change: Partial<HostEndpoint>): Promise<unknown> => {
          const host = driver.connect({ ...good, ...change });
          const answer = await host.ping().then(() => null, (error: unknown) => error);
          await host.close();
          return answer;
        };
        expect(await failure({})).toBeNull();
        expect(await failure({ tls: { ...tls, ...stranger } })).toMatchObject({ code: "refused", message: expect.stringContaining("did not accept") as string });
        expect(await failure({ tls: { ...tls, ca: stranger.certificate } })).toMatchObject({ code: "refused", message: expect.stringContaining("do not fit") as string });
        expect(await failure({ tls: undefined })).toMatchObject({ code: "invalid" });
        expect(await failure({ tls: { ca: "x", certificate: "y", key: "z" } })).toMatchObject({ code: "invalid" });
      });
    });
  });
}
