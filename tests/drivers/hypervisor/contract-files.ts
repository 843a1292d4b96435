import { describe, expect, it } from "vitest";
import { GUEST_FILE_PART_BYTES } from "@/server/drivers/hypervisor/types";
import type { ContractKit } from "./contract-memory";

/** Files between a guest and its person, through the guest's agent. */
export function filesContract({ first, prepare, agentAnswers }: ContractKit): void {
  describe("files", () => {
    it("brings files into a guest, sees them there, and takes them out", async () => {
      const host = first();
      const spec = await prepare();
      const { instanceId } = spec;
      await host.startDomain(spec);
      await expect(host.listGuestFiles(instanceId, { timeoutMs: 1_000 })).rejects.toMatchObject({ name: "DriverError" });
      await agentAnswers(host, instanceId);
      expect(await host.listGuestFiles(instanceId)).toEqual([]);

      // Every byte there is, and more than one part.
      const content = Buffer.from(Array.from({ length: GUEST_FILE_PART_BYTES + 1_000 }, (_, at) => (at * 7 + (at >> 8)) % 256));
      const name = "a plan (2) – 計画.bin";
      await host.writeGuestFile(instanceId, { name, offsetBytes: 0, data: content.subarray(0, GUEST_FILE_PART_BYTES), isLast: false });
      expect(await host.listGuestFiles(instanceId)).toEqual([]);
      await expect(host.writeGuestFile(instanceId, { name, offsetBytes: 17, data: Buffer.from("no"), isLast: true })).rejects.toMatchObject({ code: "invalid" });
      await host.writeGuestFile(instanceId, { name, offsetBytes: GUEST_FILE_PART_BYTES, data: content.subarray(GUEST_FILE_PART_BYTES), isLast: true });
      expect(await host.listGuestFiles(instanceId)).toEqual([{ name, sizeBytes: content.length }]);
      const begun = await host.readGuestFile(instanceId, { name, offsetBytes: 0, lengthBytes: GUEST_FILE_PART_BYTES });
      const rest = await host.readGuestFile(instanceId, { name, offsetBytes: GUEST_FILE_PART_BYTES, lengthBytes: GUEST_FILE_PART_BYTES });
      expect(Buffer.concat([begun, rest]).equals(content)).toBe(true);

      await host.writeGuestFile(instanceId, { name, offsetBytes: 0, data: Buffer.from("new"), isLast: true });
      expect((await host.readGuestFile(instanceId, { name, offsetBytes: 0, lengthBytes: GUEST_FILE_PART_BYTES })).toString()).toBe("new");
      await expect(host.readGuestFile(instanceId, { name: "nowhere", offsetBytes: 0, lengthBytes: 1 })).rejects.toMatchObject({ code: "not-found" });
      await host.stopDomain(instanceId, "destroy");
    });
  });
}
