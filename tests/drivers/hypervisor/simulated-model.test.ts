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
    nics: [{ macAddress: "52:54:00:00:00:01", bridge: "br0", ipAddress: "10.0.0.2" }],
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
