import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { Readable } from "node:stream";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { savedMemoryContract, type ContractKit } from "./contract-memory";
import { filesContract } from "./contract-files";
import { personalityContract } from "./contract-personality";
import { screenContract } from "./contract-screen";
import { fullStorageContract, type TightStorage } from "./contract-storage";
import type { BootSpec, DomainObservation, DomainSpec, HostEndpoint, HypervisorDriver, HypervisorHost } from "@/server/drivers/hypervisor/types";

/**
 * What the contract needs of a world: two hosts with one shared pool, something that boots within seconds, runs a
 * guest agent and prints `BERTH-BOOTED instance=<id>` on its serial port.
 */
export interface ContractWorld {
  readonly driver: HypervisorDriver;
  readonly hosts: readonly [HostEndpoint, HostEndpoint];
  /** A pool that both hosts see. */
  readonly pool: string;
  /** How the tiny guest boots; `{id}` in a kernel command line is replaced by the instance id. */
  readonly boot: BootSpec;
  /** Base of the root disk when it boots from disk; null boots from the kernel with an empty disk. */
  readonly base: { readonly volume: string; readonly format: "qcow2" | "raw"; readonly capacityMiB: number } | null;
  readonly cpuModel: string;
  readonly bridge: string | null;
  readonly memoryMiB: number;
  /** Longest boot, with room for a busy machine, milliseconds. */
  readonly bootMs: number;
  /** A pool of the first host that can be filled to the last byte. */
  readonly tight: TightStorage;
  /** An address where no hypervisor answers. */
  readonly deadEndpoint: HostEndpoint;
  close(): Promise<void>;
}

/** Waits until `look` gives something, at most `limitMs`. */
export async function eventually<T>(atLeastMs: number, what: string, look: () => Promise<T | null | undefined | false>): Promise<T> {
  // Beside other files everything takes its time; what is stuck is stuck for ever.
  const limitMs = Math.max(60_000, atLeastMs);
  const endsAt = Date.now() + limitMs;
  for (;;) {
    const found = await look();
    if (found) return found;
    if (Date.now() > endsAt) throw new Error(`${what} did not happen within ${limitMs} ms`);
    await sleep(50);
  }
}

export const failsWith = (code: string): unknown => expect.objectContaining({ name: "DriverError", code });

/** The suite that every hypervisor driver passes unchanged. */
export function hypervisorContract(name: string, open: () => Promise<ContractWorld>): void {
  // A real guest boots in five seconds, or in thirty beside a build: the bound is for what hangs.
  describe(`hypervisor contract: ${name}`, { timeout: 180_000 }, () => {
    let world: ContractWorld;
    let first: HypervisorHost;
    let second: HypervisorHost;
    const created: { instanceId: string; volumes: string[] }[] = [];

    beforeAll(async () => {
      world = await open();
      first = world.driver.connect(world.hosts[0]);
      second = world.driver.connect(world.hosts[1]);
    });

    afterAll(async () => {
      if (!world) return;
      for (const { instanceId, volumes } of created) {
        for (const host of [first, second]) {
          await host.stopDomain(instanceId, "destroy").catch(() => undefined);
          await host.removeDomain(instanceId).catch(() => undefined);
        }
        for (const volume of volumes) await first.deleteVolume(world.pool, volume).catch(() => undefined);
      }
      await first.close();
      await second.close();
      await world.close();
    });

    /** A machine with its disk made and nothing started. */
    async function prepare(change: Partial<DomainSpec> = {}): Promise<DomainSpec> {
      const instanceId = `ins_${randomBytes(6).toString("hex")}`;
      const volume = `${instanceId}-root`;
      await first.ensureVolume({
        pool: world.pool,
        name: volume,
        format: "qcow2",
        capacityMiB: world.base?.capacityMiB ?? 64,
        backing: world.base ? { volume: world.base.volume, format: world.base.format } : null,
      });
      created.push({ instanceId, volumes: [volume] });
      const hex = randomBytes(16).toString("hex");
      const boot: BootSpec = world.boot.kind === "kernel" ? { ...world.boot, commandLine: world.boot.commandLine.replaceAll("{id}", instanceId) } : world.boot;
      return {
        instanceId,
        uuid: `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20)}`,
        title: "contract",
        epoch: 3,
        vcpus: 1,
        maxVcpus: 2,
        memoryMiB: world.memoryMiB,
        maxMemoryMiB: world.memoryMiB * 2,
        cpu: { model: world.cpuModel, shares: 1024, limitMillicores: null },
        boot,
        disks: [{ target: "vda", pool: world.pool, volume, format: "qcow2", readOnly: false }],
        nics: world.bridge === null ? [] : [{ macAddress: `52:54:00:${hex.slice(0, 2)}:${hex.slice(2, 4)}:${hex.slice(4, 6)}`, bridge: world.bridge, ipAddress: null, onlyWithin: null }],
        ...change,
      };
    }

    async function find(host: HypervisorHost, instanceId: string): Promise<DomainObservation | undefined> {
      return (await host.observe()).domains.find((domain) => domain.instanceId === instanceId);
    }

    const agentAnswers = (host: HypervisorHost, instanceId: string): Promise<true> =>
      eventually(world.bootMs, `the guest agent of ${instanceId}`, () => host.agentCommand(instanceId, "guest-ping", {}, { timeoutMs: 2_000 }).then(() => true as const, () => null));

    /** Runs a program in the guest and gives its standard output. */
    async function guestRun(host: HypervisorHost, instanceId: string, line: string): Promise<string> {
      const { pid } = (await host.agentCommand(instanceId, "guest-exec", { path: "/bin/sh", arg: ["-c", line], "capture-output": true })) as { pid: number };
      const status = await eventually(10_000, `the end of "${line}"`, async () => {
        const answer = (await host.agentCommand(instanceId, "guest-exec-status", { pid })) as { exited: boolean; "out-data"?: string };
        return answer.exited ? answer : null;
      });
      return Buffer.from(status["out-data"] ?? "", "base64").toString("utf8").trim();
    }

    describe("host", () => {
      it("answers, and tells its facts", async () => {
        expect(await first.ping()).toBeGreaterThanOrEqual(0);
        const facts = await first.facts();
        expect(facts.cores).toBeGreaterThan(0);
        expect(facts.memoryMiB).toBeGreaterThan(0);
        expect(facts.usableCpuModels).toContain(world.cpuModel);
        expect(facts.pools).toContain(world.pool);
        expect((await second.facts()).hostUuid).not.toBe(facts.hostUuid);
      });

      it("is unreachable where nobody listens, in bounded time", async () => {
        const dead = world.driver.connect(world.deadEndpoint);
        const startedAt = Date.now();
        const failure = await dead.observe({ timeoutMs: 1_500 }).catch((error: unknown) => error);
        expect(["unreachable", "timeout"]).toContain((failure as { code: string }).code);
        expect(Date.now() - startedAt).toBeLessThan(30_000);
        await dead.close();
      });

      it("tells its clock, which is near ours", async () => {
        const { hostTimeMs } = await first.observe();
        if (hostTimeMs !== null) expect(Math.abs(hostTimeMs - Date.now())).toBeLessThan(15_000);
      });
    });

    describe("volumes", () => {
      it("creates once, confirms the same, refuses another of the name, deletes once", async () => {
        const volume = { pool: world.pool, name: `vol-${randomBytes(4).toString("hex")}`, format: "qcow2" as const, capacityMiB: 16, backing: null };
        const made = await first.ensureVolume(volume);
        expect(made.capacityBytes).toBe(16 * 1_048_576);
        expect(await second.ensureVolume(volume)).toMatchObject({ name: volume.name, capacityBytes: made.capacityBytes });
        await expect(first.ensureVolume({ ...volume, capacityMiB: 32 })).rejects.toEqual(failsWith("already-exists"));
        expect((await second.listVolumes(world.pool)).map((entry) => entry.name)).toContain(volume.name);
        await first.growVolume(world.pool, volume.name, 24);
        expect((await first.listVolumes(world.pool)).find((entry) => entry.name === volume.name)?.capacityBytes).toBe(24 * 1_048_576);
        await expect(first.growVolume(world.pool, volume.name, 8)).rejects.toEqual(failsWith("invalid"));
        expect(await first.deleteVolume(world.pool, volume.name)).toBe(true);
        expect(await first.deleteVolume(world.pool, volume.name)).toBe(false);
      });

      it("takes an upload of exactly the announced size", async () => {
        const volume = `up-${randomBytes(4).toString("hex")}`;
        const content = randomBytes(300_000);
        const made = await first.uploadVolume(world.pool, volume, Readable.from([content.subarray(0, 100_000), content.subarray(100_000)]), content.length);
        expect(made.capacityBytes).toBe(content.length);
        await expect(first.uploadVolume(world.pool, volume, Readable.from([content.subarray(0, 10)]), content.length)).rejects.toEqual(failsWith("invalid"));
        // Whether the old content outlives a broken upload is the driver's affair; the upload can be repeated.
        expect((await first.uploadVolume(world.pool, volume, Readable.from([content]), content.length)).capacityBytes).toBe(content.length);
        expect(await first.deleteVolume(world.pool, volume)).toBe(true);
        expect(await first.deleteVolume(world.pool, volume)).toBe(false);
      });

      it("says not-found for an unknown pool and an unknown base", async () => {
        await expect(first.listVolumes("no-such-pool")).rejects.toEqual(failsWith("not-found"));
        const volume = { pool: world.pool, name: `vol-${randomBytes(4).toString("hex")}`, format: "qcow2" as const, capacityMiB: 16 };
        await expect(first.ensureVolume({ ...volume, backing: { volume: "no-such-base", format: "qcow2" } })).rejects.toEqual(failsWith("not-found"));
      });

      it("reports the pool's room", async () => {
        const pool = (await first.listPools()).find((entry) => entry.name === world.pool);
        expect(pool?.availableBytes).toBeGreaterThan(0);
        expect(pool?.capacityBytes).toBeGreaterThanOrEqual(pool?.availableBytes ?? Number.POSITIVE_INFINITY);
      });
    });

    describe("life of a domain", () => {
      it("starts, boots, is repeated safely, obeys epochs, stops and goes", async () => {
        const spec = await prepare();
        await first.startDomain(spec);
        expect(await find(first, spec.instanceId)).toMatchObject({ state: "running", epoch: 3, vcpus: 1, uuid: spec.uuid });
        await first.startDomain(spec);
        await expect(first.startDomain({ ...spec, epoch: 2 })).rejects.toEqual(failsWith("stale-epoch"));
        await expect(first.startDomain({ ...spec, epoch: 4 })).rejects.toEqual(failsWith("already-exists"));
        // A start that was given up and took effect late: what runs is not what is wanted now, though nobody decided anew where.
        const anew = `${spec.disks[0]!.volume}-anew`;
        await first.ensureVolume({ pool: world.pool, name: anew, format: "qcow2", capacityMiB: world.base?.capacityMiB ?? 64, backing: world.base ? { volume: world.base.volume, format: world.base.format } : null });
        created.push({ instanceId: spec.instanceId, volumes: [anew] });
        await expect(first.startDomain({ ...spec, disks: [{ ...spec.disks[0]!, volume: anew }] })).rejects.toEqual(failsWith("already-exists"));
        await expect(second.startDomain({ ...spec, epoch: 4 })).rejects.toEqual(failsWith("locked"));
        await agentAnswers(first, spec.instanceId);
        await expect(first.deleteVolume(world.pool, spec.disks[0]!.volume)).rejects.toEqual(failsWith("locked"));
        await first.stopDomain(spec.instanceId, "shutdown");
        await eventually(world.bootMs, "the guest's own shutdown", async () => (await find(first, spec.instanceId))?.state === "stopped");
        expect((await find(first, spec.instanceId))?.reason).toBe("guest-shutdown");
        await first.stopDomain(spec.instanceId, "destroy");
        expect((await find(first, spec.instanceId))?.reason).toBe("guest-shutdown");
        await expect(first.startDomain({ ...spec, epoch: 2 })).rejects.toEqual(failsWith("stale-epoch"));
        expect(await first.removeDomain(spec.instanceId)).toBe(true);
        expect(await first.removeDomain(spec.instanceId)).toBe(false);
        expect(await find(first, spec.instanceId)).toBeUndefined();
        await expect(first.stopDomain(spec.instanceId, "destroy")).rejects.toEqual(failsWith("not-found"));
      });

      it("prints the boot marker on the serial port, and answers what is typed", async () => {
        const spec = await prepare();
        await first.startDomain(spec);
        const serial = await first.openSerial(spec.instanceId);
        let text = "";
        serial.on("data", (chunk: Buffer) => {
          text += chunk.toString("utf8");
        });
        serial.on("error", () => undefined);
        // A port opened after the marker went by may miss it on a real host; a command typed later is always answered.
        await agentAnswers(first, spec.instanceId);
        await eventually(10_000, "an answer on the serial port", async () => {
          serial.write("echo sum-$((40+2)) echo-works\r");
          await sleep(300);
          return text.includes("echo-works");
        });
        const closed = new Promise((resolve) => serial.once("close", resolve));
        await first.stopDomain(spec.instanceId, "destroy");
        serial.resume();
        await Promise.race([closed, sleep(5_000).then(() => Promise.reject(new Error("the serial port stayed open after the domain ended")))]);
      });

      it("grows live, and the guest sees it", async () => {
        const spec = await prepare();
        await first.startDomain(spec);
        await agentAnswers(first, spec.instanceId);
        expect(await first.resizeDomain({ instanceId: spec.instanceId, epoch: 3, vcpus: 2 })).toMatchObject({ applied: "live" });
        await eventually(15_000, "two vCPUs in the guest", async () => (await guestRun(first, spec.instanceId, "nproc")) === "2");
        expect(await first.resizeDomain({ instanceId: spec.instanceId, epoch: 3, memoryMiB: world.memoryMiB * 2 })).toEqual({ applied: "live", reason: null });
        expect(await find(first, spec.instanceId)).toMatchObject({ vcpus: 2, memoryMiB: world.memoryMiB * 2 });
        const less = await first.resizeDomain({ instanceId: spec.instanceId, epoch: 3, vcpus: 1, memoryMiB: world.memoryMiB });
        expect(less.applied).toBe("at-next-boot");
        expect(less.reason).toBeTruthy();
        expect(await find(first, spec.instanceId)).toMatchObject({ vcpus: 2, memoryMiB: world.memoryMiB * 2 });
        await expect(first.resizeDomain({ instanceId: spec.instanceId, epoch: 2, vcpus: 2 })).rejects.toEqual(failsWith("stale-epoch"));
        const beyond = await first.resizeDomain({ instanceId: spec.instanceId, epoch: 3, vcpus: 64 });
        expect(beyond.applied).toBe("at-next-boot");
        expect(beyond.reason).toBeTruthy();
        const grownMiB = (world.base?.capacityMiB ?? 64) + 64;
        await first.growDisk(spec.instanceId, "vda", grownMiB);
        await eventually(10_000, "the larger disk in the guest", async () => (await guestRun(first, spec.instanceId, "cat /sys/class/block/vda/size")) === String(grownMiB * 2048));
        await first.growDisk(spec.instanceId, "vda", grownMiB);
        await expect(first.growDisk(spec.instanceId, "vda", grownMiB - 32)).rejects.toEqual(failsWith("invalid"));
        await expect(first.growDisk(spec.instanceId, "vdz", grownMiB)).rejects.toEqual(failsWith("not-found"));
        await first.stopDomain(spec.instanceId, "destroy");
        expect(await find(first, spec.instanceId)).toMatchObject({ state: "stopped", reason: "destroyed" });
        // The next start takes the new spec as it is.
        await first.startDomain({ ...spec, epoch: 5, vcpus: 2 });
        expect(await find(first, spec.instanceId)).toMatchObject({ state: "running", epoch: 5, vcpus: 2, memoryMiB: world.memoryMiB });
        await first.stopDomain(spec.instanceId, "destroy");
      });

      it("can be reset, and goes on", async () => {
        const spec = await prepare();
        await first.startDomain(spec);
        await agentAnswers(first, spec.instanceId);
        await guestRun(first, spec.instanceId, "echo before > /tmp/note");
        await first.rebootDomain(spec.instanceId, "reset");
        await sleep(200);
        await agentAnswers(first, spec.instanceId);
        await eventually(world.bootMs, "a fresh start of the guest", async () => (await guestRun(first, spec.instanceId, "cat /tmp/note || echo gone")) === "gone");
        expect(await find(first, spec.instanceId)).toMatchObject({ state: "running", epoch: 3 });
        await first.stopDomain(spec.instanceId, "destroy");
        await expect(first.rebootDomain(spec.instanceId, "reset")).rejects.toMatchObject({ name: "DriverError" });
      });

      it("can be started elsewhere once it is off here", async () => {
        const spec = await prepare();
        await first.startDomain(spec);
        await first.stopDomain(spec.instanceId, "destroy");
        await second.startDomain({ ...spec, epoch: 4 });
        expect(await find(second, spec.instanceId)).toMatchObject({ state: "running", epoch: 4 });
        await expect(first.startDomain({ ...spec, epoch: 5 })).rejects.toEqual(failsWith("locked"));
        // A start that was refused leaves what was there before, which is off.
        expect((await find(first, spec.instanceId))?.state).not.toBe("running");
        await second.stopDomain(spec.instanceId, "destroy");
      });

      it("counts CPU time up", async () => {
        const spec = await prepare();
        await first.startDomain(spec);
        const before = (await find(first, spec.instanceId))?.cpuTimeNs ?? 0n;
        await eventually(10_000, "CPU time", async () => ((await find(first, spec.instanceId))?.cpuTimeNs ?? 0n) > before);
        await first.stopDomain(spec.instanceId, "destroy");
      });

      it("tells watchers", async () => {
        const spec = await prepare();
        const seen: string[] = [];
        const stop = first.watch((event) => event.instanceId === spec.instanceId && seen.push(event.kind), () => undefined);
        await first.ping();
        await sleep(300);
        await first.startDomain(spec);
        await eventually(5_000, "the started event", async () => seen.includes("started"));
        await first.stopDomain(spec.instanceId, "destroy");
        await eventually(5_000, "the stopped event", async () => seen.includes("stopped"));
        stop();
      });
    });

    const kit: ContractKit = {
      hasClipboard: () => world.driver.kind === "libvirt", world: () => world, first: () => first, second: () => second, prepare, find, agentAnswers, guestRun,
      remember: (instanceId, volume) => created.push({ instanceId, volumes: [volume] }),
    };
    savedMemoryContract(kit);
    screenContract(kit);
    filesContract(kit);
    personalityContract(kit);
    fullStorageContract(kit);

    describe("migration", () => {
      it("moves a running guest, with its memory, and leaves nothing behind", async () => {
        const spec = await prepare();
        await first.startDomain(spec);
        await agentAnswers(first, spec.instanceId);
        await guestRun(first, spec.instanceId, "echo still-here > /tmp/note");
        await expect(first.migrate({ instanceId: spec.instanceId, epoch: 2, to: world.hosts[1], bandwidthMiBs: 0, maxDowntimeMs: 500, timeoutMs: 60_000, mode: "precopy" })).rejects.toEqual(failsWith("stale-epoch"));
        await first.screenEndpoint(spec.instanceId, { clipboard: true });
        const result = await first.migrate({ instanceId: spec.instanceId, epoch: 3, to: world.hosts[1], bandwidthMiBs: 0, maxDowntimeMs: 500, timeoutMs: 60_000, mode: "precopy" });
        expect(result.totalMs).toBeGreaterThan(0);
        expect((await find(first, spec.instanceId))?.state ?? "gone").toBe("gone");
        expect(await find(second, spec.instanceId)).toMatchObject({ state: "running" });
        await agentAnswers(second, spec.instanceId);
        expect(await guestRun(second, spec.instanceId, "cat /tmp/note")).toBe("still-here");
        expect(await find(second, spec.instanceId)).toMatchObject({ epoch: 3, reason: "migrated-in" });
        // And back again, to a host that has known it before.
        await second.migrate({ instanceId: spec.instanceId, epoch: 3, to: world.hosts[0], bandwidthMiBs: 0, maxDowntimeMs: 500, timeoutMs: 60_000, mode: "precopy" });
        expect(await find(second, spec.instanceId)).toBeUndefined();
        expect(await guestRun(first, spec.instanceId, "cat /tmp/note")).toBe("still-here");
        await first.stopDomain(spec.instanceId, "destroy");
      });

      it("goes on at the source when the move is aborted", async () => {
        const spec = await prepare();
        await first.startDomain(spec);
        await agentAnswers(first, spec.instanceId);
        // Slow on purpose, so that there is something to abort.
        const failed = first
          .migrate({ instanceId: spec.instanceId, epoch: 3, to: world.hosts[1], bandwidthMiBs: 1, maxDowntimeMs: 50, timeoutMs: 60_000, mode: "precopy" })
          .catch((error: unknown) => error);
        await sleep(1_500);
        await first.abortMigration(spec.instanceId);
        expect(await failed).toMatchObject({ name: "DriverError", outcomeUnknown: false });
        expect(await find(first, spec.instanceId)).toMatchObject({ state: "running", epoch: 3 });
        await eventually(5_000, "the target to forget it", async () => (await find(second, spec.instanceId)) === undefined);
        await agentAnswers(first, spec.instanceId);
        await first.stopDomain(spec.instanceId, "destroy");
      });

      it("stops a move that takes longer than it may", async () => {
        const spec = await prepare();
        await first.startDomain(spec);
        await agentAnswers(first, spec.instanceId);
        const failure = await first
          .migrate({ instanceId: spec.instanceId, epoch: 3, to: world.hosts[1], bandwidthMiBs: 1, maxDowntimeMs: 50, timeoutMs: 1_500, mode: "precopy" })
          .catch((error: unknown) => error);
        expect(failure).toMatchObject({ name: "DriverError", code: "timeout" });
        await eventually(10_000, "the guest at its source", async () => (await find(first, spec.instanceId))?.state === "running");
        expect(await find(second, spec.instanceId)).toBeUndefined();
        await first.stopDomain(spec.instanceId, "destroy");
      });

      it("names a domain that is not there", async () => {
        await expect(
          first.migrate({ instanceId: "ins_nobody", epoch: 1, to: world.hosts[1], bandwidthMiBs: 0, maxDowntimeMs: 500, timeoutMs: 10_000, mode: "precopy" }),
        ).rejects.toEqual(failsWith("not-found"));
        await expect(first.abortMigration("ins_nobody")).rejects.toEqual(failsWith("not-found"));
      });
    });
  });
}
