import { describe, expect, it } from "vitest";
import type { DomainSpec, HypervisorHost } from "@/server/drivers/hypervisor/types";
import { createWorld, simulatedDriver, VirtualClock } from "@/server/drivers/hypervisor/simulated";
import type { World, WorldOptions } from "@/server/drivers/hypervisor/simulated";
import { simulatedPower } from "@/server/drivers/power/simulated";

const image = { pool: "shared", name: "golden", format: "qcow2" as const, capacityMiB: 256 };

function spec(instanceId: string, change: Partial<DomainSpec> = {}): DomainSpec {
  return {
    instanceId,
    uuid: "5a2d3c1e-0000-4000-8000-000000000001",
    title: "web",
    epoch: 1,
    vcpus: 1,
    maxVcpus: 4,
    memoryMiB: 512,
    maxMemoryMiB: 2048,
    cpu: { model: "qemu64", shares: 1024, limitMillicores: null },
    boot: { kind: "disk", firmware: "bios" },
    disks: [{ target: "vda", pool: "shared", volume: `${instanceId}-root`, format: "qcow2", readOnly: false }],
    nics: [{ macAddress: "52:54:00:00:00:01", bridge: "br0", ipAddress: "10.0.0.2", onlyWithin: null }],
    ...change,
  };
}

interface Bench {
  readonly world: World;
  readonly clock: VirtualClock;
  readonly host: (name: string) => HypervisorHost;
  readonly run: <T>(work: Promise<T>) => Promise<T>;
  readonly start: (host: string, instanceId: string, change?: Partial<DomainSpec>) => Promise<void>;
}

function bench(options: WorldOptions = {}): Bench {
  const clock = new VirtualClock();
  const world = createWorld({ clock, hosts: 3, images: [image], ...options });
  const driver = simulatedDriver(world);
  const host = (name: string): HypervisorHost => driver.connect({ hostId: name, uri: `simulated://${name}`, managementAddress: "127.0.0.1" });
  const run = <T>(work: Promise<T>): Promise<T> => clock.drive(work);
  return {
    world,
    clock,
    host,
    run,
    async start(name, instanceId, change) {
      await host(name).ensureVolume({ pool: "shared", name: `${instanceId}-root`, format: "qcow2", capacityMiB: 512, backing: { volume: "golden", format: "qcow2" } });
      await run(host(name).startDomain(spec(instanceId, change)));
    },
  };
}

const code = (value: string): unknown => expect.objectContaining({ name: "DriverError", code: value });

describe("disk locks", () => {
  it("refuses a second writer while the first QEMU runs, also when its host is partitioned", async () => {
    const { world, host, start, run } = bench();
    await start("h1", "ins_a");
    world.partition("h1");
    await expect(run(host("h2").startDomain(spec("ins_a", { epoch: 2 })))).rejects.toEqual(code("locked"));
    expect(world.doubleRuns()).toEqual([]);
  });

  it("frees the lock at power loss, so that a failover can start it elsewhere", async () => {
    const { world, host, start, run } = bench();
    await start("h1", "ins_a");
    world.crash("h1");
    await run(host("h2").startDomain(spec("ins_a", { epoch: 2 })));
    expect(world.doubleRuns()).toEqual([]);
    expect(world.runs().map((entry) => [entry.host, entry.endMs === null])).toEqual([["h1", false], ["h2", true]]);
  });

  it("lets the storage's lease run out under a host that lost the storage, and the checker sees the double run", async () => {
    const { world, clock, host, start, run } = bench();
    await start("h1", "ins_a");
    world.partition("h1", { storage: false });
    await clock.advance(89_000);
    await expect(run(host("h2").startDomain(spec("ins_a", { epoch: 2 })))).rejects.toEqual(code("locked"));
    await clock.advance(2_000);
    await run(host("h2").startDomain(spec("ins_a", { epoch: 2 })));
    expect(world.doubleRuns()).toEqual([expect.objectContaining({ instanceId: "ins_a", hosts: ["h1", "h2"], toMs: null })]);
  });
});

describe("silence", () => {
  it("tells a partition from nothing: unreachable after the keepalive, and the guest goes on", async () => {
    const { world, clock, host, start, run } = bench();
    await start("h1", "ins_a");
    world.partition("h1");
    const before = clock.nowMs();
    await expect(run(host("h1").observe())).rejects.toEqual(code("unreachable"));
    expect(clock.nowMs() - before).toBe(3_000);
    expect(world.runs()[0]?.endMs).toBeNull();
    world.heal("h1");
    expect((await host("h1").observe()).domains).toHaveLength(1);
  });

  it("loses the reply and keeps the effect", async () => {
    const { world, host, start, run } = bench();
    await start("h1", "ins_a");
    world.arm("h1", "stopDomain", "lost-reply");
    await expect(run(host("h1").stopDomain("ins_a", "destroy", { timeoutMs: 1_000 }))).rejects.toEqual(code("timeout"));
    expect((await host("h1").observe()).domains[0]?.state).toBe("stopped");
  });

  it("applies a late effect after the caller gave up", async () => {
    const { world, clock, host, start, run } = bench();
    await start("h1", "ins_a");
    world.arm("h1", "stopDomain", "late-effect");
    await expect(run(host("h1").stopDomain("ins_a", "destroy", { timeoutMs: 1_000 }))).rejects.toEqual(code("timeout"));
    expect((await host("h1").observe()).domains[0]?.state).toBe("running");
    await clock.advance(10);
    expect((await host("h1").observe()).domains[0]?.state).toBe("stopped");
  });

  it("times out on a hung host, whose power is still on", async () => {
    const { world, clock, host, run } = bench();
    world.hang("h1");
    await expect(run(host("h1").ping({ timeoutMs: 700 }))).rejects.toEqual(code("timeout"));
    const device = simulatedPower(world).connect({ kind: "simulated", hostName: "h1" });
    expect(await device.status()).toBe("on");
    await run(device.off());
    expect(await device.status()).toBe("off");
    await run(device.on());
    await expect(run(host("h1").ping())).rejects.toEqual(code("unreachable"));
    await clock.advance(2_000);
    expect(await run(host("h1").ping())).toBeGreaterThanOrEqual(0);
  });

  it("is the same world for the same seed", async () => {
    const history = async (): Promise<string[]> => {
      const { host, run } = bench({ seed: 7, faults: { lostReply: 0.3, lostRequest: 0.3 } });
      const outcomes: string[] = [];
      for (let turn = 0; turn < 20; turn++) {
        outcomes.push(await run(host("h1").ping()).then(() => "answer", (error: { code: string }) => error.code));
      }
      return outcomes;
    };
    const first = await history();
    expect(await history()).toEqual(first);
    expect(new Set(first)).toEqual(new Set(["answer", "timeout"]));
  });
});

describe("migration", () => {
  const move = { epoch: 1, bandwidthMiBs: 0, maxDowntimeMs: 300, timeoutMs: 60_000, mode: "precopy" as const };
  const to = { hostId: "h2", uri: "simulated://h2", managementAddress: "127.0.0.1" };
  const steady = { baseFraction: 1, dailyFraction: 0, burstFraction: 0, touchedFraction: 1, workingSetFraction: 0.5 };

  it("takes the time that the arithmetic gives, and pauses as briefly as asked", async () => {
    // 512 MiB at 100 MiB/s and 20 MiB/s dirty: 5.12 s, leaves 102.4 MiB = 1.024 s, leaves 20.48 MiB = 0.2048 s <= 0.3 s.
    const { world, clock, host, start, run } = bench({ hostDefaults: { migrationMiBs: 100 }, profile: () => ({ ...steady, dirtyMiBs: 20 }) });
    await start("h1", "ins_a");
    await clock.advance(5_000);
    const result = await run(host("h1").migrate({ instanceId: "ins_a", to, ...move }));
    expect(result.downtimeMs).toBe(Math.round(204.8 + 120));
    expect(result.totalMs).toBe(Math.round(300 + 5_120 + 1_024 + 204.8 + 120));
    expect(result.transferredBytes).toBe(Math.round((512 + 102.4 + 20.48) * 1_048_576));
    const [source, target] = world.runs();
    expect((target?.startMs ?? 0) - (source?.endMs ?? 0)).toBeCloseTo(324.8, 0);
    expect(world.doubleRuns()).toEqual([]);
  });

  it("forces a guest that never converges, with a pause as long as its working set takes", async () => {
    const { host, clock, start, run } = bench({ hostDefaults: { migrationMiBs: 100 }, profile: () => ({ ...steady, dirtyMiBs: 400 }) });
    await start("h1", "ins_a");
    await clock.advance(5_000);
    const result = await run(host("h1").migrate({ instanceId: "ins_a", to, ...move, timeoutMs: 600_000 }));
    expect(result.downtimeMs).toBe(2_560 + 120);
  });

  it("gives such a guest up at the time-out where that is the policy, and it goes on at the source", async () => {
    const { world, host, clock, start, run } = bench({ nonConverging: "timeout", hostDefaults: { migrationMiBs: 100 }, profile: () => ({ ...steady, dirtyMiBs: 400 }) });
    await start("h1", "ins_a");
    await clock.advance(5_000);
    await expect(run(host("h1").migrate({ instanceId: "ins_a", to, ...move }))).rejects.toEqual(code("timeout"));
    expect((await host("h2").observe()).domains).toEqual([]);
    expect((await host("h1").observe()).domains[0]?.state).toBe("running");
    expect(world.runs()).toHaveLength(1);
  });

  it("stops at its time-out when even the first copy does not fit, whatever the policy", async () => {
    const { host, clock, start, run } = bench({ hostDefaults: { migrationMiBs: 10 }, profile: () => ({ ...steady, dirtyMiBs: 1, workingSetFraction: 0.01 }) });
    await start("h1", "ins_a");
    await clock.advance(5_000);
    const before = clock.nowMs();
    await expect(run(host("h1").migrate({ instanceId: "ins_a", to, ...move, timeoutMs: 2_000 }))).rejects.toEqual(code("timeout"));
    expect(clock.nowMs() - before).toBe(2_000);
    expect((await host("h1").observe()).domains[0]?.state).toBe("running");
    expect((await host("h2").observe()).domains).toEqual([]);
  });

  it("loses the guest on both sides when the source loses power, and frees its disk", async () => {
    const { world, clock, host, start, run } = bench({ hostDefaults: { migrationMiBs: 10 } });
    await start("h1", "ins_a");
    await clock.advance(5_000);
    const failed = host("h1").migrate({ instanceId: "ins_a", to, ...move }).catch((error: unknown) => error);
    await clock.advance(2_000);
    world.crash("h1");
    expect(await run(failed)).toEqual(code("unreachable"));
    expect((await host("h2").observe()).domains).toEqual([]);
    await run(host("h3").startDomain(spec("ins_a", { epoch: 2 })));
    expect(world.doubleRuns()).toEqual([]);
  });

  it("goes on at the source when the target loses power, when it is aborted, and when the link breaks", async () => {
    const { world, clock, host, start, run } = bench({ hostDefaults: { migrationMiBs: 10 } });
    await start("h1", "ins_a");
    await clock.advance(5_000);
    for (const break_ of [() => world.crash("h2"), () => void host("h1").abortMigration("ins_a"), () => world.partition("h3")]) {
      const target = break_.toString().includes("h3") ? { ...to, uri: "simulated://h3" } : to;
      const failed = host("h1").migrate({ instanceId: "ins_a", to: target, ...move }).catch((error: unknown) => error);
      await clock.advance(2_000);
      break_();
      expect(await run(failed)).toEqual(code("failed"));
      expect((await host("h1").observe()).domains[0]).toMatchObject({ state: "running", reason: "started" });
      world.wake("h2");
      await clock.advance(10_000);
    }
    expect(world.runs()).toHaveLength(1);
  });

  it("after the post-copy switch a lost source leaves a target that says running and is dead", async () => {
    const { world, clock, host, start, run } = bench({ hostDefaults: { migrationMiBs: 100 }, profile: () => ({ ...steady, dirtyMiBs: 90 }) });
    await start("h1", "ins_a");
    await clock.advance(5_000);
    const failed = host("h1").migrate({ instanceId: "ins_a", to, ...move, mode: "postcopy" }).catch((error: unknown) => error);
    await clock.advance(300 + 5_120 + 120 + 500);
    expect((await host("h2").observe()).domains[0]?.state).toBe("running");
    world.crash("h1");
    expect(await run(failed)).toEqual(code("unreachable"));
    expect((await host("h2").observe()).domains[0]?.state).toBe("running");
    await expect(host("h2").agentCommand("ins_a", "guest-ping")).rejects.toEqual(code("failed"));
    expect(world.runs().every((entry) => entry.endMs !== null)).toBe(true);
    await expect(run(host("h3").startDomain(spec("ins_a", { epoch: 2 })))).rejects.toEqual(code("locked"));
    await run(host("h2").stopDomain("ins_a", "destroy"));
    await run(host("h3").startDomain(spec("ins_a", { epoch: 2 })));
    expect(world.doubleRuns()).toEqual([]);
  });
});

describe("processor time", () => {
  const full = { baseFraction: 1, dailyFraction: 0, burstFraction: 0 };

  it("is divided by shares when there is too little, and the rest is steal", async () => {
    const { clock, host, start } = bench({ hostDefaults: { cores: 3 }, timings: { guestBootMs: 0, startMs: 0 }, profile: () => full });
    await start("h1", "ins_a", { vcpus: 2, cpu: { model: "qemu64", shares: 2048, limitMillicores: null } });
    await start("h1", "ins_b", { vcpus: 2, cpu: { model: "qemu64", shares: 1024, limitMillicores: null } });
    await start("h1", "ins_c", { vcpus: 2, cpu: { model: "qemu64", shares: 2, limitMillicores: 500 } });
    await clock.advance(10_000);
    const seen = new Map((await host("h1").observe()).domains.map((domain) => [domain.instanceId, domain]));
    const seconds = (id: string): number => Number(seen.get(id)?.cpuTimeNs ?? 0n) / 1e9;
    expect(seconds("ins_a") + seconds("ins_b") + seconds("ins_c")).toBeCloseTo(30, 3);
    expect(seconds("ins_a")).toBeCloseTo(20 - 0.02, 1);
    expect(seconds("ins_b")).toBeCloseTo(10, 1);
    expect(seconds("ins_c")).toBeLessThan(0.1);
    expect(Number(seen.get("ins_b")?.cpuDelayNs ?? 0n) / 1e9).toBeCloseTo(10, 1);
  });

  it("does not depend on how often one looks", async () => {
    const total = async (looks: number): Promise<bigint> => {
      const { clock, host, start } = bench({ seed: 11 });
      await start("h1", "ins_a", { vcpus: 4 });
      for (let look = 0; look < looks; look++) {
        await clock.advance(7_200_000 / looks);
        await host("h1").observe();
      }
      return (await host("h1").observe()).domains[0]?.cpuTimeNs ?? 0n;
    };
    const once = await total(1);
    expect(once).toBeGreaterThan(0n);
    expect(Number((await total(60)) - once) / Number(once)).toBeCloseTo(0, 6);
  });
});

describe("guests and disks", () => {
  it("keeps what was synced and loses what was only in memory at power loss", async () => {
    const { world, clock, host, start, run } = bench();
    await start("h1", "ins_a");
    await clock.advance(5_000);
    const guest = async (name: string, line: string): Promise<string> => {
      const { pid } = (await host(name).agentCommand("ins_a", "guest-exec", { path: "/bin/sh", arg: ["-c", line], "capture-output": true })) as { pid: number };
      const status = (await host(name).agentCommand("ins_a", "guest-exec-status", { pid })) as { "out-data"?: string };
      return Buffer.from(status["out-data"] ?? "", "base64").toString();
    };
    await guest("h1", "echo one > /data; sync; echo two >> /data && echo three > /lost");
    expect(await guest("h1", "cat /data | wc -l; nproc; cat /sys/block/vda/size")).toBe("2\n1\n1048576\n");
    world.crash("h1");
    await run(host("h2").startDomain(spec("ins_a", { epoch: 2 })));
    await clock.advance(5_000);
    expect(await guest("h2", "cat /data; cat /lost || echo gone")).toBe("one\ngone\n");
  });

  it("does not boot from an empty disk, and such a guest obeys nothing", async () => {
    const { clock, host, run } = bench();
    await host("h1").ensureVolume({ pool: "shared", name: "ins_a-root", format: "qcow2", capacityMiB: 64, backing: null });
    await run(host("h1").startDomain(spec("ins_a")));
    await clock.advance(60_000);
    await expect(host("h1").agentCommand("ins_a", "guest-ping")).rejects.toEqual(code("failed"));
    await host("h1").stopDomain("ins_a", "shutdown");
    await clock.advance(60_000);
    expect((await host("h1").observe()).domains[0]?.state).toBe("running");
  });

  it("ignores the shutdown where the guest is like that, until it is destroyed", async () => {
    const { clock, host, start, run } = bench({ profile: () => ({ ignoresShutdown: true }) });
    await start("h1", "ins_a");
    await clock.advance(10_000);
    await host("h1").stopDomain("ins_a", "shutdown");
    await clock.advance(600_000);
    expect((await host("h1").observe()).domains[0]?.state).toBe("running");
    await run(host("h1").stopDomain("ins_a", "destroy"));
    expect((await host("h1").observe()).domains[0]).toMatchObject({ state: "stopped", reason: "destroyed" });
  });

  it("pauses writers when the pool is full, and refuses new disks", async () => {
    const { world, clock, host, start } = bench();
    await start("h1", "ins_a");
    await clock.advance(5_000);
    world.fillPool("shared", 0);
    expect((await host("h1").observe()).domains[0]).toMatchObject({ state: "paused", reason: "io-error" });
    await expect(host("h1").ensureVolume({ pool: "shared", name: "more", format: "qcow2", capacityMiB: 64, backing: null })).rejects.toEqual(code("insufficient"));
    expect((await host("h1").listPools())[0]?.availableBytes).toBe(0);
  });

  it("lies when told to, while ground truth stays", async () => {
    const { world, host, start } = bench();
    await start("h1", "ins_a");
    world.lie("h1", "empty");
    expect((await host("h1").observe()).domains).toEqual([]);
    expect(world.status().hosts[0]?.domains).toHaveLength(1);
    world.lie("h1", "frozen");
    world.crashGuest("h1", "ins_a");
    expect((await host("h1").observe()).domains[0]?.state).toBe("running");
    world.lie("h1", null);
    expect((await host("h1").observe()).domains[0]?.state).toBe("crashed");
  });

  it("sleeps only when empty, and keeps definitions over a power loss", async () => {
    const { world, clock, host, start } = bench();
    await start("h1", "ins_a");
    expect(() => world.sleep("h1")).toThrow(/1 domains run there/);
    world.crash("h1");
    world.wake("h1");
    await clock.advance(5_000);
    expect((await host("h1").observe()).domains[0]).toMatchObject({ instanceId: "ins_a", state: "stopped" });
    await host("h1").removeDomain("ins_a");
    world.sleep("h1");
    expect(await simulatedPower(world).connect({ kind: "simulated", hostName: "h1" }).status()).toBe("off");
  });
});

describe("size", () => {
  it("holds 1,000 hosts and 10,000 domains without a timer, and looks at all of them", async () => {
    const { world, clock, run } = bench({ hosts: 1000, timings: { startMs: 0 } });
    const driver = simulatedDriver(world);
    const hosts = Array.from({ length: 1000 }, (_, index) => driver.connect({ hostId: `h${index + 1}`, uri: `simulated://h${index + 1}`, managementAddress: "127.0.0.1" }));
    await run(
      Promise.all(
        hosts.flatMap((each, index) =>
          Array.from({ length: 10 }, async (_, number) => {
            const id = `ins_${index}_${number}`;
            await each.ensureVolume({ pool: "shared", name: `${id}-root`, format: "qcow2", capacityMiB: 512, backing: { volume: "golden", format: "qcow2" } });
            await each.startDomain(spec(id));
          }),
        ),
      ),
    );
    await clock.advance(3_600_000);
    expect(clock.waiting).toBe(0);
    const startedAt = performance.now();
    const seen = await Promise.all(hosts.map((each) => each.observe()));
    console.log(`observe of 1,000 hosts with 10,000 domains: ${(performance.now() - startedAt).toFixed(1)} ms`);
    expect(seen.reduce((sum, each) => sum + each.domains.length, 0)).toBe(10_000);
    expect(seen.every((each) => each.domains.every((domain) => domain.cpuTimeNs > 0n))).toBe(true);
    expect(world.doubleRuns()).toEqual([]);
  });
});
