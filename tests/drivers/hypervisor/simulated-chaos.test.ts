import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { DomainSpec, HypervisorHost } from "@/server/drivers/hypervisor/types";
import { createWorld, simulatedDriver, VirtualClock } from "@/server/drivers/hypervisor/simulated";
import type { World } from "@/server/drivers/hypervisor/simulated";

const HOSTS = ["h1", "h2", "h3"];
const INSTANCES = ["ins_a", "ins_b"];

type Step =
  | { readonly kind: "start" | "destroy" | "shutdown" | "reboot"; readonly host: string; readonly instance: string; readonly epoch: number }
  | { readonly kind: "migrate"; readonly host: string; readonly to: string; readonly instance: string; readonly mode: "precopy" | "postcopy" }
  | { readonly kind: "crash" | "panic" | "partition" | "hang" | "heal" | "wake"; readonly host: string }
  | { readonly kind: "wait"; readonly ms: number };

const host = fc.constantFrom(...HOSTS);
const instance = fc.constantFrom(...INSTANCES);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constantFrom("start", "destroy", "shutdown", "reboot"), host, instance, epoch: fc.integer({ min: 1, max: 4 }) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("migrate"), host, to: host, instance, mode: fc.constantFrom("precopy", "postcopy") }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom("crash", "panic", "partition", "hang", "heal", "wake"), host }) },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant("wait"), ms: fc.constantFrom(1, 100, 400, 1_500, 6_000, 40_000) }) },
) as fc.Arbitrary<Step>;

function spec(instanceId: string, epoch: number): DomainSpec {
  return {
    instanceId, uuid: "5a2d3c1e-0000-4000-8000-000000000005", title: "web", epoch, vcpus: 1, maxVcpus: 1, memoryMiB: 512, maxMemoryMiB: 512,
    cpu: { model: "qemu64", shares: 1024, limitMillicores: null }, boot: { kind: "disk", firmware: "bios" },
    disks: [{ target: "vda", pool: "shared", volume: `${instanceId}-root`, format: "qcow2", readOnly: false }], nics: [],
  };
}

async function apply(world: World, clock: VirtualClock, at: (name: string) => HypervisorHost, step: Step): Promise<void> {
  // Callers are careless on purpose: they act on the wrong host, with old epochs, and never look first.
  const ask = (work: Promise<unknown>): void => void work.catch((error: { name: string }) => expect(error.name).toBe("DriverError"));
  switch (step.kind) {
    case "start":
      return ask(at(step.host).startDomain(spec(step.instance, step.epoch), { timeoutMs: 2_000 }));
    case "destroy":
    case "shutdown":
      return ask(at(step.host).stopDomain(step.instance, step.kind, { timeoutMs: 2_000 }));
    case "reboot":
      return ask(at(step.host).rebootDomain(step.instance, "guest", { timeoutMs: 2_000 }));
    case "migrate":
      return ask(
        at(step.host).migrate({
          instanceId: step.instance, epoch: 4, to: { hostId: step.to, uri: `simulated://${step.to}`, managementAddress: "127.0.0.1" },
          bandwidthMiBs: 100, maxDowntimeMs: 300, timeoutMs: 30_000, mode: step.mode,
        }),
      );
    case "wait":
      return clock.advance(step.ms);
    case "crash":
    case "panic":
    case "partition":
    case "hang":
    case "heal":
    case "wake":
      world[step.kind](step.host);
  }
}

/** What must hold at every moment, whatever was done. */
function check(world: World): void {
  expect(world.doubleRuns()).toEqual([]);
  const open = world.runs().filter((run) => run.endMs === null);
  for (const run of open) {
    const there = world.status().hosts.find((entry) => entry.name === run.host);
    expect(there?.phase).toBe("up");
    expect(there?.domains.find((domain) => domain.instanceId === run.instanceId)?.process).toMatch(/^(executing|paused)$/);
  }
  for (const entry of world.status().hosts) {
    for (const domain of entry.domains) {
      if (domain.process === "executing") expect(open.some((run) => run.host === entry.name && run.instanceId === domain.instanceId)).toBe(true);
      if (entry.phase === "off" || entry.phase === "panicked") expect(domain.process).toBe("none");
    }
  }
}

describe("the simulated world under careless callers and bad luck", () => {
  it("never runs a guest twice, and its records agree with each other", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 60 }), fc.integer({ min: 1, max: 1_000 }), async (steps, seed) => {
        const clock = new VirtualClock();
        const world = createWorld({
          clock, seed, hosts: HOSTS.map((name) => ({ name })),
          images: [{ pool: "shared", name: "golden", format: "qcow2", capacityMiB: 64 }],
          faults: { lostRequest: 0.05, lostReply: 0.1, lateEffect: 0.05, slow: 0.1, migrationAbort: 0.1, ignoresShutdown: 0.2 },
        });
        const driver = simulatedDriver(world);
        const at = (name: string): HypervisorHost => driver.connect({ hostId: name, uri: `simulated://${name}`, managementAddress: "127.0.0.1" });
        world.setFaults({ lostRequest: 0, lostReply: 0, lateEffect: 0 });
        for (const id of INSTANCES) await clock.drive(at("h1").ensureVolume({ pool: "shared", name: `${id}-root`, format: "qcow2", capacityMiB: 64, backing: { volume: "golden", format: "qcow2" } }));
        world.setFaults({ lostRequest: 0.05, lostReply: 0.1, lateEffect: 0.05 });
        for (const each of steps) {
          await apply(world, clock, at, each);
          await clock.advance(0);
          check(world);
        }
        // Everything ends by itself: no call hangs for ever, and a world left alone comes to rest.
        for (const name of HOSTS) world.heal(name);
        await clock.advance(400_000);
        check(world);
        expect(clock.waiting).toBe(0);
      }),
      { numRuns: 300, seed: 20_261_123 },
    );
  });
});
