import { systemClock } from "@/server/platform/clock";
import { DriverError } from "../../errors";
import { parseSimulatedAddress } from "../../hypervisor/simulated/address";
import { clockOf } from "../../hypervisor/simulated/clock";
import { portFor } from "../../hypervisor/simulated/driver";
import type { World } from "../../hypervisor/simulated/world";
import { changePower } from "../change-power";
import type { PowerDriver } from "../types";

const DEFAULT_TIMEOUT_MS = 10_000;

/** The management controllers of a simulated world: the same world as the hypervisor's, through another door. */
export function simulatedPower(world?: Pick<World, "port" | "clock"> | null): PowerDriver {
  return {
    kind: "simulated",
    connect(config) {
      if (config.kind !== "simulated") {
        throw new DriverError("invalid", `The simulated power driver was given a device of the kind ${config.kind}.`);
      }
      const { hostName, server } = parseSimulatedAddress(config.hostName);
      const port = portFor({ server }, world?.port ?? null);
      const clock = server === null && world ? clockOf(world.clock) : systemClock;
      const which = config.outlet === undefined ? {} : { outlet: config.outlet };
      const ask = (timeoutMs: number): Promise<"on" | "off"> => port.call("powerStatus", hostName, which, { timeoutMs });
      const change = (wanted: "on" | "off", timeoutMs: number): Promise<void> =>
        changePower({
          device: config.outlet === undefined ? `the simulated controller of ${hostName}` : `the simulated outlet ${config.outlet}`,
          wanted,
          timeoutMs,
          clock,
          ask,
          command: async (boundMs) => void (await port.call(wanted === "on" ? "powerOn" : "powerOff", hostName, which, { timeoutMs: boundMs })),
        });
      return {
        kind: "simulated",
        canFence: true,
        status: (options) => ask(options?.timeoutMs ?? DEFAULT_TIMEOUT_MS),
        off: (options) => change("off", options?.timeoutMs ?? DEFAULT_TIMEOUT_MS),
        // A simulated operating system has nothing to write back: it is off at once.
        shutdown: (options) => change("off", options?.timeoutMs ?? DEFAULT_TIMEOUT_MS),
        on: (options) => change("on", options?.timeoutMs ?? DEFAULT_TIMEOUT_MS),
        powerReading: (options) => config.outlet === undefined ? port.call("powerReading", hostName, {}, options) : Promise.resolve(null),
      };
    },
  };
}
