import { connect } from "node:net";
import { describe, expect, it } from "vitest";
import { eventually } from "./contract";
import type { ContractKit } from "./contract-memory";

/** What can be seen of a machine: the part of the contract that consoles and golden images rest on. */
export function screenContract(kit: ContractKit): void {
  const { prepare } = kit;
  describe("the screen", () => {
    it("has a screen that speaks RFB", async () => {
      const first = kit.first();
      const spec = await prepare();
      await first.startDomain(spec);
      const endpoint = await first.screenEndpoint(spec.instanceId);
      const greeting = await new Promise<string>((resolve, reject) => {
        const socket = connect(endpoint.port, endpoint.host);
        socket.once("data", (chunk: Buffer) => {
          resolve(chunk.toString("latin1"));
          socket.destroy();
        });
        socket.once("error", reject);
      });
      expect(greeting).toMatch(/^RFB 003\.00\d\n/);
      await first.stopDomain(spec.instanceId, "destroy");
      await expect(first.screenEndpoint(spec.instanceId)).rejects.toMatchObject({ name: "DriverError" });
    });

    it("gives a picture of its screen", async () => {
      const first = kit.first();
      const spec = await prepare();
      await first.startDomain(spec);
      await eventually(30_000, "something on the screen", async () => !(await first.screenshot(spec.instanceId)).isBlank);
      const { pngBase64, widthPixels, heightPixels } = await first.screenshot(spec.instanceId);
      const png = Buffer.from(pngBase64, "base64");
      expect(png.toString("latin1", 1, 4)).toBe("PNG");
      expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([widthPixels, heightPixels]);
      expect(widthPixels).toBeGreaterThanOrEqual(320);
      await first.stopDomain(spec.instanceId, "destroy");
      await expect(first.screenshot(spec.instanceId)).rejects.toMatchObject({ name: "DriverError" });
    });
  });
}
