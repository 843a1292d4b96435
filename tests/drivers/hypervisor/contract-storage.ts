import { describe, expect, it } from "vitest";
import { eventually, failsWith } from "./contract";
import type { ContractKit } from "./contract-memory";

/** A pool that can be filled to the last byte, and what a guest does to notice it. */
export interface TightStorage {
  readonly pool: string;
  fill(): Promise<void>;
  free(): Promise<void>;
  /** A line for the guest's shell that writes to its second disk; null where guests write without being told. */
  readonly guestWrites: string | null;
  /** `virsh` on the first host, as the oracle; null where there is none. */
  readonly virsh: ((...args: readonly string[]) => Promise<string>) | null;
}

/** A write that finds no room holds the guest, and nothing but room lets it go on. */
export function fullStorageContract(kit: ContractKit): void {
  const { prepare, find, agentAnswers, guestRun, remember } = kit;
  describe("a full storage", () => {
    it("holds a guest that writes; it goes on where it was when there is room, and is held again while there is none", async () => {
      const [world, first] = [kit.world(), kit.first()];
      const { tight } = world;
      const said = async (instanceId: string, words: string): Promise<void> => {
        if (tight.virsh) expect((await tight.virsh("-q", "domstate", instanceId, "--reason")).trim()).toBe(words);
      };
      const plain = await prepare();
      const { instanceId } = plain;
      const volume = `${instanceId}-data`;
      await first.ensureVolume({ pool: tight.pool, name: volume, format: "qcow2", capacityMiB: 256, backing: null });
      const spec = { ...plain, disks: [...plain.disks, { target: "vdb", pool: tight.pool, volume, format: "qcow2" as const, readOnly: false }] };
      if (tight.pool === world.pool) remember(instanceId, volume);
      const held = () => eventually(world.bootMs, "the pause", async () => ((await find(first, instanceId))?.state === "paused" ? true : null));
      await first.startDomain(spec);
      await agentAnswers(first, instanceId);
      await guestRun(first, instanceId, "echo kept > /tmp/note");
      // One that runs has nothing to go on from, and that is no mistake.
      await first.resumeDomain({ instanceId, epoch: 3 });
      await tight.fill();
      try {
        if (tight.guestWrites !== null) await first.agentCommand(instanceId, "guest-exec", { path: "/bin/sh", arg: ["-c", tight.guestWrites] });
        await held();
        expect(await find(first, instanceId)).toMatchObject({ state: "paused", reason: "io-error", epoch: 3 });
        await said(instanceId, "paused (I/O error)");
        await expect(first.resumeDomain({ instanceId, epoch: 2 })).rejects.toEqual(failsWith("stale-epoch"));
        // Without room the same write fails again.
        await first.resumeDomain({ instanceId, epoch: 3 });
        await held();
      } finally {
        await tight.free();
      }
      await first.resumeDomain({ instanceId, epoch: 3 });
      expect(await find(first, instanceId)).toMatchObject({ state: "running", epoch: 3 });
      await said(instanceId, "running (unpaused)");
      await agentAnswers(first, instanceId);
      expect(await guestRun(first, instanceId, "cat /tmp/note")).toBe("kept");
      if (tight.virsh) {
        await tight.virsh("suspend", instanceId);
        await expect(first.resumeDomain({ instanceId, epoch: 3 })).rejects.toEqual(failsWith("invalid"));
        await said(instanceId, "paused (user)");
      }
      await first.stopDomain(instanceId, "destroy");
      await expect(first.resumeDomain({ instanceId, epoch: 3 })).rejects.toEqual(failsWith("invalid"));
      expect(await first.removeDomain(instanceId)).toBe(true);
      await expect(first.resumeDomain({ instanceId, epoch: 3 })).rejects.toEqual(failsWith("not-found"));
      expect(await first.deleteVolume(tight.pool, volume)).toBe(true);
    });
  });
}
