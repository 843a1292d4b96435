import { DriverError } from "../../errors";
import { parseSimulatedAddress } from "../../hypervisor/simulated/address";
import { portFor } from "../../hypervisor/simulated/driver";
import type { World } from "../../hypervisor/simulated/world";
import type { PowerDriver } from "../types";

const DEFAULT_TIMEOUT_MS = 10_000;
/** How often the device is asked again whether it is done, at most. */
const MAX_CONFIRMATIONS = 5;

/** The management controllers of a simulated world: the same world as the hypervisor's, through another door. */
export function simulatedPower(world?: Pick<World, "port"> | null): PowerDriver {
  return {
    kind: "simulated",
    connect(config) {
      if (config.kind !== "simulated") {
        throw new DriverError("invalid", `The simulated power driver was given a device of the kind ${config.kind}.`);
      }
      const address = parseSimulatedAddress(config.hostName);
      const port = portFor(address, world?.port ?? null);
      const ask = (timeoutMs: number): Promise<"on" | "off"> => port.call("powerStatus", address.hostName, {}, { timeoutMs });
      const confirm = async (wanted: "on" | "off", timeoutMs: number): Promise<void> => {
        for (let attempt = 0; attempt < MAX_CONFIRMATIONS; attempt++) if ((await ask(timeoutMs)) === wanted) return;
        throw new DriverError("failed", `${address.hostName} still is not ${wanted} after its management controller took the command. Look at the machine.`, { host: address.hostName });
      };
      return {
        kind: "simulated",
        canFence: true,
        status: (options) => ask(options?.timeoutMs ?? DEFAULT_TIMEOUT_MS),
        async off(options) {
          const timeoutMs = options?.timeoutMs ?? DEFAULT_TIMEOUT_MS;
          if ((await ask(timeoutMs)) === "off") return;
          await port.call("powerOff", address.hostName, {}, { timeoutMs });
          await confirm("off", timeoutMs);
        },
        async on(options) {
          const timeoutMs = options?.timeoutMs ?? DEFAULT_TIMEOUT_MS;
          await port.call("powerOn", address.hostName, {}, { timeoutMs });
          await confirm("on", timeoutMs);
        },
        powerReading: (options) => port.call("powerReading", address.hostName, {}, options),
      };
    },
  };
}
