import { describe, expect, it } from "vitest";
import { DriverError } from "@/server/drivers/errors";
import type { PowerDevice } from "@/server/drivers/power/types";

export interface PowerFixture {
  /** A device that works; its host is on. */
  readonly device: PowerDevice;
  /** The same device with a wrong password; null where the kind has none. */
  readonly refused: PowerDevice | null;
  /** A device at an address where nothing answers. */
  readonly dead: PowerDevice;
  /** The truth, from behind the device. */
  truth(): Promise<"on" | "off">;
}

/** What every power driver that can fence must do, whatever stands behind it. */
export function powerContract(fixture: () => PowerFixture): void {
  const code = async (work: Promise<unknown>): Promise<string> => {
    const error = await work.then(() => null, (cause: unknown) => cause);
    expect(error).toBeInstanceOf(DriverError);
    return (error as DriverError).code;
  };

  describe("power contract", () => {
    it("can fence, and reports what is true", async () => {
      expect(fixture().device.canFence).toBe(true);
      expect(await fixture().device.status()).toBe("on");
      expect(await fixture().truth()).toBe("on");
    });

    it("returns from off only when it is off, and off again is a success", async () => {
      await fixture().device.off();
      expect(await fixture().truth()).toBe("off");
      expect(await fixture().device.status()).toBe("off");
      await fixture().device.off();
      expect(await fixture().device.status()).toBe("off");
    });

    it("returns from on only when it is on, and on again is a success", async () => {
      await fixture().device.on();
      expect(await fixture().truth()).toBe("on");
      await fixture().device.on();
      expect(await fixture().device.status()).toBe("on");
    });

    it("has the operating system shut down, returns when it is off, and off again is a success", async () => {
      const { device } = fixture();
      await device.shutdown?.();
      expect(await fixture().truth()).toBe(device.shutdown ? "off" : "on");
      await device.shutdown?.();
      await device.on();
      expect(await fixture().truth()).toBe("on");
    });

    it("reads watts, or says that there is no meter", async () => {
      const watts = await fixture().device.powerReading();
      expect(watts === null || watts > 0).toBe(true);
    });

    it("says that nothing is known of a silent device, within the bound", async () => {
      const startMs = Date.now();
      expect(["timeout", "unreachable"]).toContain(await code(fixture().dead.off({ timeoutMs: 1_500 })));
      // One second for a slow machine to start a program or to run a timer.
      expect(Date.now() - startMs).toBeLessThan(2_500);
      expect(["timeout", "unreachable"]).toContain(await code(fixture().dead.status({ timeoutMs: 800 })));
    });

    it("is turned away with a wrong password, and changes nothing", async () => {
      const { refused } = fixture();
      if (!refused) return;
      expect(await code(refused.off({ timeoutMs: 5_000 }))).toBe("refused");
      expect(await fixture().truth()).toBe("on");
    });
  });
}
