import { randomBytes } from "node:crypto";
import { Readable } from "node:stream";
import { describe, expect, it } from "vitest";
import type { DomainObservation, DomainSpec, HypervisorHost } from "@/server/drivers/hypervisor/types";
import { failsWith, type ContractWorld } from "./contract";

/** What the contract's parts share; hosts and world are there when a test runs, not before. */
export interface ContractKit {
  readonly world: () => ContractWorld;
  readonly first: () => HypervisorHost;
  readonly second: () => HypervisorHost;
  readonly prepare: (change?: Partial<DomainSpec>) => Promise<DomainSpec>;
  readonly find: (host: HypervisorHost, instanceId: string) => Promise<DomainObservation | undefined>;
  readonly agentAnswers: (host: HypervisorHost, instanceId: string) => Promise<true>;
  readonly guestRun: (host: HypervisorHost, instanceId: string, line: string) => Promise<string>;
  /** Whether machines of this driver can share a viewer's clipboard. */
  readonly hasClipboard: () => boolean;
  /** Removed after the suite. */
  readonly remember: (instanceId: string, volume: string) => void;
}

/** A machine whose memory goes to a file and comes back: the part of the contract that suspended machines rest on. */
export function savedMemoryContract(kit: ContractKit): void {
  const { prepare, find, agentAnswers, guestRun, remember } = kit;
  describe("saved memory", () => {
    it("goes on elsewhere where it was saved, and the wrong memory is refused", async () => {
      const [world, first, second] = [kit.world(), kit.first(), kit.second()];
      const spec = await prepare();
      const image = { pool: world.pool, name: `${spec.instanceId}-memory` };
      remember(spec.instanceId, image.name);
      await first.startDomain(spec);
      await agentAnswers(first, spec.instanceId);
      await guestRun(first, spec.instanceId, "echo kept > /tmp/note");
      await expect(first.saveDomain({ instanceId: spec.instanceId, epoch: 2, to: image })).rejects.toEqual(failsWith("stale-epoch"));
      await expect(first.saveDomain({ instanceId: spec.instanceId, epoch: 3, to: { pool: "no-such-pool", name: image.name } })).rejects.toEqual(failsWith("not-found"));
      expect(await find(first, spec.instanceId)).toMatchObject({ state: "running", epoch: 3 });
      // A viewer's clipboard is plugged into a running machine, and stands in the way of nothing.
      expect((await first.screenEndpoint(spec.instanceId, { clipboard: true })).clipboard).toBe(kit.hasClipboard());
      expect((await first.screenEndpoint(spec.instanceId, { clipboard: true })).clipboard).toBe(kit.hasClipboard());
      // Nobody in this guest listens for texts.
      expect(await first.clipboardState(spec.instanceId)).toBe(kit.hasClipboard() ? "waiting" : "none");
      const { sizeBytes } = await first.saveDomain({ instanceId: spec.instanceId, epoch: 3, to: image });
      expect(sizeBytes).toBeGreaterThan(1_000_000);
      expect(await find(first, spec.instanceId)).toMatchObject({ state: "stopped", reason: "saved" });
      // The reply may have been lost: the same question gets the same answer.
      expect((await first.saveDomain({ instanceId: spec.instanceId, epoch: 3, to: image })).sizeBytes).toBe(sizeBytes);
      await expect(second.restoreDomain({ ...spec, epoch: 4 }, { ...image, name: "no-such-memory" })).rejects.toEqual(failsWith("not-found"));
      const other = await prepare();
      await expect(second.restoreDomain({ ...other, epoch: 4 }, image)).rejects.toEqual(failsWith("unsupported"));
      expect(await find(second, other.instanceId)).toBeUndefined();
      await second.restoreDomain({ ...spec, epoch: 4 }, image);
      await second.restoreDomain({ ...spec, epoch: 4 }, image);
      expect(await find(second, spec.instanceId)).toMatchObject({ state: "running", epoch: 4, memoryMiB: world.memoryMiB });
      await expect(second.restoreDomain({ ...spec, epoch: 3 }, image)).rejects.toEqual(failsWith("stale-epoch"));
      await expect(first.restoreDomain({ ...spec, epoch: 5 }, image)).rejects.toEqual(failsWith("locked"));
      expect((await find(first, spec.instanceId))?.state).toBe("stopped");
      await agentAnswers(second, spec.instanceId);
      expect(await guestRun(second, spec.instanceId, "cat /tmp/note")).toBe("kept");
      expect((await second.screenEndpoint(spec.instanceId, { clipboard: true })).clipboard).toBe(kit.hasClipboard());
      await second.stopDomain(spec.instanceId, "destroy");
      expect(await find(second, spec.instanceId)).toMatchObject({ state: "stopped", reason: "destroyed" });
      await expect(second.saveDomain({ instanceId: spec.instanceId, epoch: 4, to: { ...image, name: `${image.name}2` } })).rejects.toEqual(failsWith("invalid"));
      // A file that is no memory, and a plain start after all of it.
      await first.uploadVolume(world.pool, image.name, Readable.from([randomBytes(5_000)]), 5_000);
      await expect(second.restoreDomain({ ...spec, epoch: 5 }, image)).rejects.toEqual(failsWith("unsupported"));
      await second.startDomain({ ...spec, epoch: 6 });
      expect(await find(second, spec.instanceId)).toMatchObject({ state: "running", epoch: 6 });
      await second.stopDomain(spec.instanceId, "destroy");
      expect(await first.deleteVolume(world.pool, image.name)).toBe(true);
    });
  });
}
